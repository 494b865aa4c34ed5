import { describe, expect, it } from 'vitest';
import { pipEnvironment, taskEnvironment } from './environment.ts';

const HOST = {
  PATH: '/bin',
  HOME: '/home/me',
  TMPDIR: '/var/tmp',
  LANG: 'C',
  KAIROS_HTTP__TOKEN: 'secret',
  AWS_SECRET_ACCESS_KEY: 'secret',
  TENCENTCLOUD_SECRETKEY: 'secret',
  PYTHONPATH: '/elsewhere',
  HTTPS_PROXY: 'http://user:secret@proxy',
  PIP_INDEX_URL: 'https://index',
  MY_KEY: 'mine',
};

describe('The environment of a task', () => {
  it('is the allow-list, what was named, and a home of its own', () => {
    expect(taskEnvironment(HOST, ['MY_KEY', 'NOT_SET'], '/work')).toMatchObject({
      PATH: '/bin',
      LANG: 'C',
      MY_KEY: 'mine',
      HOME: '/work',
      TMPDIR: '/work',
      OMP_NUM_THREADS: '1',
    });
    expect(JSON.stringify(taskEnvironment(HOST, ['MY_KEY'], '/work'))).not.toContain('secret');
  });

  it('lets pip find its index and the way out, and no secret of ours', () => {
    const env = pipEnvironment(HOST);

    expect(env).toMatchObject({
      PATH: '/bin',
      HOME: '/home/me',
      HTTPS_PROXY: HOST.HTTPS_PROXY,
      PIP_INDEX_URL: 'https://index',
    });
    expect(Object.keys(env)).not.toContain('AWS_SECRET_ACCESS_KEY');
    expect(Object.keys(env)).not.toContain('KAIROS_HTTP__TOKEN');
  });
});
