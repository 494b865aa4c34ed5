import type { Series } from '@kairos/domain';
import {
  ConflictError,
  gridOf,
  KLINE,
  nestsIn,
  nominalMs,
  NotFoundError,
  sameSymbol,
  seriesKey,
  UnsupportedError,
  ValidationError,
} from '@kairos/domain';
import type { Derive, SeriesFilter, SeriesRef, SeriesStore } from '@kairos/ports';

/** A series that was asked for. `finer`: it is not stored itself, but to be made of this one. */
export interface FoundSeries {
  readonly series: Series;
  readonly finer: Series | undefined;
}

/** The symbol part of a series' instrument. */
export const symbolOf = (s: Series): string => s.instrument.slice(s.instrument.indexOf(':') + 1);

const answersTo = (s: Series, symbol: string): boolean =>
  s.instrument === symbol || sameSymbol(symbolOf(s), symbol) || s.aliases.some((alias) => alias === symbol);

/** Those of one kind of price; unless one is named, of the last price where it is collected. */
function ofPrice(series: readonly Series[], price: SeriesRef['price']): readonly Series[] {
  const wanted = series.filter((s) => s.price === (price ?? 'last'));
  return price !== undefined || wanted.length > 0 ? wanted : series;
}

async function matching(
  store: SeriesStore,
  filter: SeriesFilter,
  ref: SeriesRef,
): Promise<readonly Series[]> {
  const found: Series[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listSeries({ filter, limit: 1_000, cursor });
    found.push(...page.items.filter((s) => answersTo(s, ref.symbol)));
    cursor = page.next;
  } while (cursor !== undefined);
  const exact = found.filter((s) => symbolOf(s) === ref.symbol || s.instrument === ref.symbol);
  return ofPrice(exact.length > 0 ? exact : found, ref.price);
}

/** Series that differ in more than their timeframe are several things. */
function refuseSeveral(candidates: readonly Series[], ref: SeriesRef): void {
  const things = new Map(candidates.map((s) => [seriesKey({ ...s, timeframe: '' }), s]));
  if (things.size <= 1) return;
  const names = [...things.values()].map((s) => `${s.realm} ${s.instrument} (${s.price})`);
  throw new ConflictError('SERIES_AMBIGUOUS', `${ref.symbol} can mean ${names.join(', ')}`, {
    candidates: names,
  });
}

const nests = (inner: Series, timeframe: string): boolean =>
  nestsIn(gridOf(inner.timeframe, inner.anchorMs), gridOf(timeframe, inner.anchorMs));

/** Series that candles of `ref` can be made of, the longest timeframe first. */
async function finerOnes(
  store: SeriesStore,
  filter: SeriesFilter,
  ref: SeriesRef,
): Promise<readonly Series[]> {
  if (ref.dataType !== KLINE.id) return [];
  const all = await matching(store, { ...filter, timeframe: undefined }, ref);
  return all
    .filter((s) => nests(s, ref.frequency))
    .sort((a, b) => nominalMs(gridOf(b.timeframe)) - nominalMs(gridOf(a.timeframe)));
}

function missing(ref: SeriesRef, finer: readonly Series[]): NotFoundError {
  const id = [ref.source, ref.symbol, ref.dataType, ref.frequency].join('/');
  const [from] = finer;
  if (!from) return new NotFoundError('series', id, 'SERIES_NOT_FOUND');
  const derivableFrom = [...new Set(finer.map((s) => s.timeframe))];
  return new NotFoundError('series', id, 'SERIES_NOT_FOUND', {
    remedy: `it can be derived from ${from.timeframe}: ask with derive`,
    details: { derivableFrom: derivableFrom.join(', ') },
  });
}

/** A wish that can never be granted is told before anything is looked for. */
function checkDerive(ref: SeriesRef, derive: Derive): void {
  if (derive === false) return;
  if (ref.dataType !== KLINE.id && typeof derive === 'string')
    throw new UnsupportedError(`only candles can be derived, not ${ref.dataType}`);
  if (typeof derive !== 'string' || nestsIn(gridOf(derive), gridOf(ref.frequency))) return;
  const params = { got: derive, frequency: ref.frequency };
  throw new ValidationError([{ path: 'derive', code: 'derive_not_finer', params }]);
}

/**
 * The one stored series that people mean, or the one it is to be derived from. @throws NotFoundError `SERIES_NOT_FOUND`,
 * which says what it could be derived from; ConflictError `SERIES_AMBIGUOUS`; ValidationError `derive_not_finer`
 */
export async function findSeries(
  deps: { readonly store: SeriesStore; readonly realmOf: (source: string) => string | undefined },
  ref: SeriesRef,
  derive: Derive = false,
): Promise<FoundSeries> {
  checkDerive(ref, derive);
  const realm = ref.realm ?? deps.realmOf(ref.source);
  const filter = { source: ref.source, dataType: ref.dataType, timeframe: ref.frequency, realm };
  if (typeof derive !== 'string') {
    const stored = await matching(deps.store, filter, ref);
    refuseSeveral(stored, ref);
    const [series] = stored;
    if (series) return { series, finer: undefined };
  }
  const finer = await finerOnes(deps.store, filter, ref);
  if (derive === false) throw missing(ref, finer);
  refuseSeveral(finer, ref);
  const source = typeof derive === 'string' ? finer.find((s) => s.timeframe === derive) : finer[0];
  if (!source) throw missing(ref, typeof derive === 'string' ? finer : []);
  const spec = { ...source, timeframe: ref.frequency };
  return { series: { ...spec, key: seriesKey(spec) }, finer: source };
}
