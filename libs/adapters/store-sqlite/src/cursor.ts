import { StoreError } from '@kairos/domain';

export type CursorField = string | number;

/** The place a page left off: the sort key of its last item. */
export const cursorOf = (fields: readonly CursorField[]): string => JSON.stringify(fields);

const isField = (f: unknown): f is CursorField => typeof f === 'string' || Number.isSafeInteger(f);

/** The fields of a cursor whose kinds are those of `example`. @throws StoreError `STORE_BAD_INPUT` on any other text. */
export function parseCursor<T extends readonly CursorField[]>(cursor: string, example: T): T {
  let fields: unknown;
  try {
    fields = JSON.parse(cursor);
  } catch {
    fields = undefined;
  }
  const fits =
    Array.isArray(fields) &&
    fields.length === example.length &&
    fields.every((f, i) => isField(f) && typeof f === typeof example[i]);
  if (fits) return fields as unknown as T;
  throw new StoreError(
    'STORE_BAD_INPUT',
    'the cursor is not one this store gave; start the list again without it',
  );
}
