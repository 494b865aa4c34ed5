import { blocksOf, hasRows, NotFoundError, type CoverageRun } from '@kairos/domain';
import type {
  ContainerFault,
  InspectedBlock,
  InspectedBudget,
  InspectedHotRow,
  Page,
  StoreInspector,
  TaskHolding,
} from '@kairos/ports';
import type { MemoryStore } from './memory-store.ts';
import type { SeriesShelf } from './series-shelf.ts';

/** What a `MemoryStore` keeps, as it lies: a block is its one chunk, and there is no second tier. */
export class MemoryInspector implements StoreInspector {
  readonly #data: MemoryStore;

  constructor(data: MemoryStore) {
    this.#data = data;
  }

  async container(): Promise<readonly ContainerFault[]> {
    return [];
  }

  async holdings(p: {
    readonly limit: number;
    readonly after?: string | undefined;
  }): Promise<Page<TaskHolding>> {
    const uids = [...new Set([...this.#data.tasks.keys(), ...this.#data.dues.keys()])]
      .filter((uid) => uid > (p.after ?? ''))
      .sort();
    const page = uids.slice(0, p.limit);
    const last = page.at(-1);
    return {
      items: page.map((uid) => this.#holding(uid)),
      ...(last !== undefined && uids.length > page.length && { next: last }),
    };
  }

  async holding(p: { readonly uid: string }): Promise<TaskHolding> {
    return this.#holding(p.uid);
  }

  async blocks(p: {
    readonly key: string;
    readonly limit: number;
    readonly after?: number | undefined;
  }): Promise<readonly number[]> {
    const shelf = this.#shelf(p.key);
    const promised = shelf.spans.filter(hasRows).flatMap((run) => [...blocksOf(shelf.layout, run)]);
    return [...new Set([...shelf.blocks.keys(), ...promised])]
      .filter((block) => block > (p.after ?? -Infinity))
      .sort((a, b) => a - b)
      .slice(0, p.limit);
  }

  async block(p: { readonly key: string; readonly block: number }): Promise<InspectedBlock> {
    const shelf = this.#shelf(p.key);
    const range = shelf.layout.rangeOf(p.block);
    const part = shelf.blocks.get(p.block);
    return {
      block: p.block,
      chunk: part && { stated: part.batch.n, rows: part.batch, states: part.runs, faults: [] },
      spans: shelf.spans.filter((run) => run.to > range.from && run.from < range.to),
      hot: [],
    };
  }

  async spans(p: {
    readonly key: string;
    readonly limit: number;
    readonly after?: number | undefined;
  }): Promise<readonly CoverageRun[]> {
    return this.#shelf(p.key)
      .spans.filter((run) => run.from > (p.after ?? -Infinity))
      .slice(0, p.limit);
  }

  async hotRows(): Promise<Page<InspectedHotRow>> {
    return { items: [] };
  }

  async budgets(): Promise<readonly InspectedBudget[]> {
    const items = [...this.#data.budgets].sort(([a], [b]) => (a < b ? -1 : 1));
    return items.map(([scope, item]) => ({ scope, item, fault: undefined }));
  }

  #holding(uid: string): TaskHolding {
    return { uid, task: this.#data.tasks.get(uid), due: this.#data.dues.get(uid), faults: [] };
  }

  #shelf(key: string): SeriesShelf {
    const shelf = this.#data.shelves.get(key);
    if (!shelf) throw new NotFoundError('series', key, 'SERIES_NOT_FOUND');
    return shelf;
  }
}
