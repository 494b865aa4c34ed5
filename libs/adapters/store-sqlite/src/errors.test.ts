import { describe, expect, it } from 'vitest';
import { NotFoundError } from '@kairos/domain';
import { isFault, storeError } from './errors.ts';

describe('storeError', () => {
  it.each([
    ['SQLITE_FULL', 'STORE_FULL', true, false],
    ['SQLITE_IOERR_SHMSIZE', 'STORE_FULL', true, false],
    ['SQLITE_IOERR_WRITE', 'STORE_IO', false, true],
    ['SQLITE_CORRUPT_INDEX', 'STORE_CORRUPT', false, true],
    ['SQLITE_NOTADB', 'STORE_CORRUPT', false, true],
    ['SQLITE_BUSY_SNAPSHOT', 'STORE_LOCKED', true, false],
    ['SQLITE_READONLY', 'STORE_READ_ONLY', false, false],
    ['SQLITE_READONLY_DBMOVED', 'STORE_REPLACED', false, true],
    ['SQLITE_CANTOPEN', 'STORE_READ_ONLY', false, false],
    ['EACCES', 'STORE_READ_ONLY', false, false],
    ['EROFS', 'STORE_READ_ONLY', false, false],
    ['ENOSPC', 'STORE_FULL', true, false],
    ['SQLITE_MISUSE', 'STORE_UNEXPECTED', false, false],
  ])('reads %s as %s', (raw, code, retryable, fault) => {
    const error = storeError(Object.assign(new Error('raw'), { code: raw }), '/data/kairos.db');

    expect([error.code, error.retryable, isFault(error)]).toEqual([code, retryable, fault]);
    expect(error.message).toContain('/data/kairos.db');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('passes Kairos errors as they are', () => {
    const error = new NotFoundError('series', 'x');
    expect(storeError(error, 'p')).toBe(error);
  });
});
