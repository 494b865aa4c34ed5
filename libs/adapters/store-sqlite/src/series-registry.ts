import { dataTypeOf, layoutOf, NotFoundError, StoreError, type Series } from '@kairos/domain';
import type { Page, SeriesFilter } from '@kairos/ports';
import type { Connection } from './connection.ts';
import { cursorOf, parseCursor } from './cursor.ts';
import type { KnownSeries } from './series-tables.ts';

interface SeriesRow {
  readonly id: number;
  readonly doc: string;
}

const COLUMNS: readonly (readonly [keyof SeriesFilter, string])[] = [
  ['realm', 'realm'],
  ['source', 'source'],
  ['dataType', 'data_type'],
  ['timeframe', 'timeframe'],
];

const seriesOf = (row: SeriesRow): Series => JSON.parse(row.doc) as Series;

/** Which series there are. Ids never change and series never go, so what was once read is remembered. */
export class SeriesRegistry {
  readonly #byKey = new Map<string, KnownSeries>();
  readonly #byId = new Map<number, KnownSeries>();

  ensure(db: Connection, series: Series): Series {
    if (!dataTypeOf(series.dataType)) {
      throw new StoreError(
        'STORE_BAD_INPUT',
        `series ${series.key} has the unknown data type ${series.dataType}`,
      );
    }
    const row = db.get<SeriesRow>('SELECT id, doc FROM series WHERE key = ?', series.key);
    if (!row) {
      const { key, realm, source, dataType, timeframe } = series;
      const sql =
        'INSERT INTO series (key, realm, source, data_type, timeframe, doc) VALUES (?, ?, ?, ?, ?, ?)';
      const kept = { ...series, aliases: [...new Set(series.aliases)] };
      db.run(sql, key, realm, source, dataType, timeframe, JSON.stringify(kept));
      return kept;
    }
    const stored = seriesOf(row);
    const aliases = [...new Set([...stored.aliases, ...series.aliases])];
    if (aliases.length === stored.aliases.length) return stored;
    db.run('UPDATE series SET doc = ? WHERE id = ?', JSON.stringify({ ...stored, aliases }), row.id);
    return { ...stored, aliases };
  }

  get(db: Connection, key: string): Series | undefined {
    const row = db.get<SeriesRow>('SELECT id, doc FROM series WHERE key = ?', key);
    return row && seriesOf(row);
  }

  list(
    db: Connection,
    p: { readonly filter: SeriesFilter; readonly limit: number; readonly cursor?: string | undefined },
  ): Page<Series> {
    const [after] = p.cursor === undefined ? [''] : parseCursor(p.cursor, [''] as [string]);
    const given = COLUMNS.flatMap(([field, column]) => {
      const value = p.filter[field];
      return value === undefined ? [] : [{ sql: ` AND ${column} = ?`, value }];
    });
    const rows = db.all<SeriesRow>(
      `SELECT id, doc FROM series WHERE key > ?${given.map((c) => c.sql).join('')} ORDER BY key LIMIT ?`,
      after,
      ...given.map((c) => c.value),
      p.limit + 1,
    );
    const items = rows.slice(0, p.limit).map(seriesOf);
    const last = items.at(-1);
    return { items, ...(last && rows.length > p.limit && { next: cursorOf([last.key]) }) };
  }

  /** @throws NotFoundError `SERIES_NOT_FOUND` */
  known(db: Connection, key: string): KnownSeries {
    const remembered = this.#byKey.get(key);
    if (remembered) return remembered;
    const row = db.get<SeriesRow>('SELECT id, doc FROM series WHERE key = ?', key);
    if (!row) throw new NotFoundError('series', key, 'SERIES_NOT_FOUND');
    const series = { id: row.id, layout: layoutOf(seriesOf(row)) };
    this.#byKey.set(key, series);
    this.#byId.set(series.id, series);
    return series;
  }

  keyOf(db: Connection, id: number): string | undefined {
    return db.get<{ key: string }>('SELECT key FROM series WHERE id = ?', id)?.key;
  }

  byId(db: Connection, id: number): KnownSeries | undefined {
    const remembered = this.#byId.get(id);
    if (remembered) return remembered;
    const row = db.get<SeriesRow>('SELECT id, doc FROM series WHERE id = ?', id);
    return row && this.known(db, seriesOf(row).key);
  }
}
