import Database from 'better-sqlite3';
import { Pool } from 'undici';
import { PAGE, pagesOf, pathOf, type Span } from './spans.ts';

type Wire = readonly (string | number)[];

/** Opens a file with the settings that ours has, and rows keyed as rows are best keyed for a backfill. */
export function openRows(file: string): {
  readonly db: Database.Database;
  put(series: number, klines: readonly Wire[]): void;
} {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    'CREATE TABLE candle(series INTEGER, ts INTEGER, o REAL, h REAL, l REAL, c REAL, v REAL, q REAL, n INTEGER, PRIMARY KEY(series, ts)) WITHOUT ROWID',
  );
  const upsert = db.prepare('INSERT OR REPLACE INTO candle VALUES (?,?,?,?,?,?,?,?,?)');
  const put = db.transaction((series: number, klines: readonly Wire[]) => {
    for (const k of klines)
      upsert.run(
        series,
        k[0],
        Number(k[1]),
        Number(k[2]),
        Number(k[3]),
        Number(k[4]),
        Number(k[5]),
        Number(k[7]),
        k[8],
      );
  });
  return { db, put };
}

/**
 * The floor: undici, JSON.parse and a prepared upsert, a transaction per page. `width` 1 asks for the next page when the
 * last is kept, as a loop does; a wider one knows all its pages beforehand. Answers how many rows came.
 */
export async function collectFloor(
  url: string,
  file: string,
  spans: readonly Span[],
  width = 1,
): Promise<number> {
  const { db, put } = openRows(file);
  const pool = new Pool(url, { connections: 8 });
  let rows = 0;
  const fetchPage = async (path: string): Promise<readonly Wire[]> => {
    const { body } = await pool.request({ method: 'GET', path });
    return JSON.parse(await body.text()) as Wire[];
  };
  const todo = spans.flatMap((span, series) =>
    pagesOf(span).map((page) => ({ series, path: pathOf(span, page) })),
  );
  const worker = async (): Promise<void> => {
    for (let next = todo.shift(); next; next = todo.shift()) {
      const klines = await fetchPage(next.path);
      if (klines.length > PAGE) throw new Error('a page is longer than was asked for');
      put(next.series, klines);
      rows += klines.length;
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  await pool.close();
  db.close();
  return rows;
}
