// The bugs that are planted. `from` must stand in the file exactly once; `tests` are files of which at least one must fail,
// of their tests only those whose names `match`, where that is given.
const SQLITE = 'libs/adapters/store-sqlite/src';
const SQLITE_CONTRACT = `${SQLITE}/sqlite-stores.contract.test.ts`;
const MEMORY = 'libs/adapters/store-memory/src';
const MEMORY_CONTRACT = `${MEMORY}/memory-stores.contract.test.ts`;
const COLLECTORS = 'libs/collectors/src';
const ROOMS = 'libs/composition/src/rooms.test.ts';
const CRASHES = 'libs/composition/src/crash-points.test.ts';
const ORDERS = 'libs/composition/src/interleavings.test.ts';

const OF_STORES = [
  {
    name: 'a due item is written without its version condition',
    file: `${SQLITE}/sqlite-task-store.ts`,
    from: "      if (row?.v !== p.expectedV) return { outcome: 'conflict', current: row && dueOf(row) };\n",
    to: '',
    tests: [SQLITE_CONTRACT],
  },
  {
    name: 'a task is written without its version condition',
    file: `${SQLITE}/sqlite-task-store.ts`,
    from: "      if (row?.v !== p.expectedV) return { outcome: 'conflict', current: row && taskOf(row) };\n",
    to: '',
    tests: [SQLITE_CONTRACT],
  },
  {
    name: 'something is written without its version condition, in memory',
    file: `${MEMORY}/memory-task-store.ts`,
    from: "if (current?.v !== expectedV) return { outcome: 'conflict', current };",
    to: '',
    tests: [MEMORY_CONTRACT],
  },
  {
    name: 'a budget is written without its version condition',
    file: `${SQLITE}/sqlite-budget-store.ts`,
    from: "if ((current?.v ?? 0) !== p.expectedV) return { outcome: 'conflict', current };",
    to: '',
    tests: [SQLITE_CONTRACT],
  },
  {
    name: 'a commit asks for no fence',
    file: `${SQLITE}/sqlite-series-store.ts`,
    from: 'checkFence(db, p.fence);',
    to: '',
    tests: [SQLITE_CONTRACT],
  },
  {
    name: 'a reader looks at the cold tier first, and later at the hot one',
    file: `${SQLITE}/sqlite-series-store.ts`,
    from: 'return to > from ? readStep(tables, range) : { parts: [], next: to };\n      });\n',
    to: `if (to <= from) return { parts: [], next: to };
        const { type } = tables.series.layout;
        const coldOnly = Object.assign(tables, { hotRows: () => ({ ...tables.chunkRows(-1e6), n: 0 }) });
        return readStep(coldOnly, range);
      });
      const later = await this.#face.read((db) => {
        const tables = this.#tables(db, p.key);
        return tables.hotRows(range, tables.spans(range));
      });
      for (const part of step.parts) {
        const from = part.runs[0]?.from ?? 0;
        const to = part.runs.at(-1)?.to ?? 0;
        const { unionRows } = await import('./parts.ts');
        const { sliceRange } = await import('@kairos/domain');
        const type = (await import('@kairos/domain')).dataTypeOf(part.batch.type);
        part.batch = unionRows(type, part.batch, sliceRange(later, { from, to }));
      }
`,
    tests: [SQLITE_CONTRACT],
  },
  {
    name: 'compaction drops rows that it put nowhere',
    file: `${SQLITE}/commit-blocks.ts`,
    from: '    rows: unionRows(layout.type, tables.chunkRows(block), rows),\n',
    to: '    rows: tables.chunkRows(block),\n',
    tests: [SQLITE_CONTRACT],
  },
  {
    name: 'compaction leaves the rows it moved where they were',
    file: `${SQLITE}/commit-blocks.ts`,
    from: '  tables.dropHot(rows);\n',
    to: '',
    tests: [SQLITE_CONTRACT, `${SQLITE}/sqlite-inspector.test.ts`],
  },
  {
    name: 'facts are kept, and their rows are not',
    file: `${SQLITE}/commit-blocks.ts`,
    from: '    tables.putHot(part.batch, rows);\n    tables.joinSpans(',
    to: '    tables.joinSpans(',
    tests: [SQLITE_CONTRACT],
  },
  {
    name: 'a revision leaves the old value nowhere',
    file: `${SQLITE}/sqlite-series-store.ts`,
    from: 'for (const revision of applied) logRevision(',
    to: 'for (const revision of []) logRevision(',
    tests: [SQLITE_CONTRACT],
  },
  {
    name: 'a store writes into a file that took the place of its own',
    file: `${SQLITE}/client.ts`,
    from: 'file.check(writer);',
    to: '',
    tests: [`${SQLITE}/open-sqlite-store.test.ts`],
  },
];

const OF_VALUES = [
  {
    name: 'an absence stands over a row',
    file: 'libs/domain/src/coverage.ts',
    from: "case 'empty':\n      return 4;",
    to: "case 'empty':\n      return 9;",
    tests: ['libs/domain/src/part.test.ts', MEMORY_CONTRACT],
  },
  {
    name: 'a settled value changes at first sight',
    file: 'libs/domain/src/part.ts',
    from: "if (a?.state === 'present' && b?.state === 'present') return 'conflict';",
    to: "if (a?.state === 'present' && b?.state === 'present') return 'incoming';",
    tests: ['libs/domain/src/part.test.ts'],
  },
  {
    name: 'series keys without their realm',
    file: 'libs/domain/src/series.ts',
    from: '[s.realm, s.source,',
    to: '[s.source,',
    tests: ['libs/domain/src', 'libs/fsck/src/check-store.test.ts'],
  },
  {
    name: 'a range holds its end too',
    file: 'libs/domain/src/batch.ts',
    from: 'Math.max(lowerBound(batch, range.from), lowerBound(batch, range.to)),',
    to: 'Math.max(lowerBound(batch, range.from), lowerBound(batch, range.to + 1)),',
    tests: [MEMORY_CONTRACT],
  },
];

const OF_COLLECTING = [
  {
    name: 'one read is enough for an absence',
    file: `${COLLECTORS}/plan.ts`,
    from: 'export const CONFIRMING_READS = 3;',
    to: 'export const CONFIRMING_READS = 1;',
    tests: [`${COLLECTORS}/collect.test.ts`, `${COLLECTORS}/collect-faults.test.ts`],
  },
  {
    name: 'a young absence is confirmed as fast as an old one',
    file: `${COLLECTORS}/plan.ts`,
    from: 'now - absence.to > OLD_AGE_MS ? OLD_SPACING_MS : YOUNG_SPACING_MS;',
    to: 'now - absence.to > OLD_AGE_MS ? OLD_SPACING_MS : OLD_SPACING_MS;',
    tests: [`${COLLECTORS}/collect.test.ts`, `${COLLECTORS}/plan.test.ts`],
  },
  {
    name: 'a shortened page is believed at its ends',
    file: `${COLLECTORS}/judge.ts`,
    from: 'const unanswered = missing.flatMap((range) => subtractRanges(range, absent));',
    to: 'const unanswered: TimeRange[] = [];',
    tests: [`${COLLECTORS}/judge.test.ts`],
  },
  {
    name: 'a record sent twice is kept twice',
    file: `${COLLECTORS}/judge.ts`,
    from: 'return type && picks.length < sorted.n ? gatherRows(type, picks) : sorted;',
    to: 'return sorted;',
    tests: [`${COLLECTORS}/judge.test.ts`],
  },
  {
    name: 'a bar that may still change counts as final',
    file: `${COLLECTORS}/page-part.ts`,
    from: "to: f.to, state: 'provisional', at: p.read.at },",
    to: "to: f.to, state: 'present' },",
    tests: [`${COLLECTORS}/collect.test.ts`],
  },
  {
    name: 'our own clock alone decides what is final',
    file: `${COLLECTORS}/collect.ts`,
    from: 'return venue === undefined ? own : Math.min(venue, own);',
    to: 'return own;',
    tests: [`${COLLECTORS}/collect.test.ts`, `${COLLECTORS}/collect-faults.test.ts`],
  },
  {
    name: 'coverage is committed before the rows it speaks of',
    file: `${COLLECTORS}/collect-range.ts`,
    from: 'const end = to === batch.n ? Infinity : (batch.ts[to] ?? 0);',
    to: 'const end = Infinity;',
    tests: [CRASHES],
    match: 'two symbols, in memory',
  },
  {
    name: 'a settled value is revised without a second look',
    file: `${COLLECTORS}/collect-range.ts`,
    from: 'const agrees = again.ts[row] === incoming.ts && sameRow(again, row, batchOfRows(type, [incoming]), 0);',
    to: 'const agrees = true;',
    tests: [`${COLLECTORS}/collect.test.ts`, `${COLLECTORS}/collect-faults.test.ts`],
  },
];

const OF_RUNS = [
  {
    name: 'a lease asks neither fence nor owner',
    file: 'libs/scheduler/src/lease.ts',
    from: '||\n      current.fence !== this.#due.fence ||\n      current.active.owner !== this.#due.active?.owner',
    to: '',
    tests: ['libs/scheduler/src/lease.test.ts'],
  },
  {
    name: 'a lease is never renewed',
    file: 'libs/scheduler/src/lease.ts',
    from: 'if (until - this.#deps.clock.now() >= MAX_CALL_MS + SKEW_MS) return;',
    to: 'if (until > 0) return;',
    tests: ['libs/scheduler/src/lease.test.ts'],
  },
  {
    name: 'a lease ends to the millisecond, as if all clocks agreed',
    file: 'libs/scheduler/src/claim.ts',
    from: 'now < run.until + SKEW_MS &&',
    to: 'now < run.until &&',
    tests: ['libs/scheduler/src/claim.test.ts'],
  },
  {
    name: 'a lease of a clock that was far ahead holds for ever',
    file: 'libs/scheduler/src/claim.ts',
    from: ' && run.until <= now + MAX_LEASE_MS + SKEW_MS;',
    to: ';',
    tests: ['libs/scheduler/src/claim.test.ts'],
  },
  {
    name: 'a cursor of a clock that was far ahead stands',
    file: 'libs/scheduler/src/claim.ts',
    from: 'return next !== null && p.due.cursor > next ? p.now : p.due.cursor;',
    to: 'return next !== null ? p.due.cursor : p.due.cursor;',
    tests: ['libs/scheduler/src/claim.test.ts'],
  },
  {
    name: 'a claim takes any owner for its own',
    file: 'libs/scheduler/src/scheduler.ts',
    from: 'return current?.active?.owner === owner ? current : undefined;',
    to: 'return current;',
    tests: ['libs/scheduler/src/scheduler.test.ts', ROOMS, ORDERS],
  },
  {
    name: 'a claim whose answer was lost is taken for another worker’s',
    file: 'libs/scheduler/src/scheduler.ts',
    from: 'return current?.active?.owner === owner ? current : undefined;',
    to: 'return undefined;',
    tests: ['libs/scheduler/src/scheduler.test.ts'],
  },
  {
    name: 'a new epoch may repeat slots',
    file: 'libs/tasks/src/task-service.ts',
    from: 'due.cursor > now + CURSOR_DOUBT_MS ? now : Math.max(now, due.cursor + 1);',
    to: 'now;',
    tests: ['libs/tasks/src/task-service.test.ts', ROOMS],
  },
  {
    name: 'the end of a run is not put on record',
    file: 'libs/scheduler/src/scheduler.ts',
    from: '      await this.#record(task.uid, run, due.fence, settlement.outcome, result);\n',
    to: '',
    tests: [ROOMS],
  },
  {
    name: 'the end of a run is put on record after its due item is let go',
    file: 'libs/scheduler/src/scheduler.ts',
    from: `      await this.#record(task.uid, run, due.fence, settlement.outcome, result);
      const answer = await tasks.putDue({ due: settlement.due, expectedV: due.v });
`,
    to: `      const answer = await tasks.putDue({ due: settlement.due, expectedV: due.v });
      await this.#record(task.uid, run, due.fence, settlement.outcome, result);
`,
    tests: [CRASHES],
    match: 'two symbols, in memory',
  },
  {
    name: 'a run whose lease ran out leaves no line behind',
    file: 'libs/scheduler/src/scheduler.ts',
    from: "      await this.#record(before.uid, expired, before.fence, 'expired');\n",
    to: '',
    tests: ['libs/scheduler/src/scheduler.test.ts', ROOMS],
  },
  {
    name: 'skipped slots leave no line behind',
    file: 'libs/scheduler/src/scheduler.ts',
    from: "      await this.#record(before.uid, decision.skipped, before.fence, 'skipped');\n",
    to: '      return;\n',
    tests: ['libs/scheduler/src/scheduler.test.ts'],
  },
];

const OF_REQUESTS = [
  {
    name: 'a request leaves without its weight',
    file: 'libs/adapters/source-ccxt/src/client.ts',
    from: 'await budget.take({ scope: context.scope, weight: context.weight, priority, signal });',
    to: '',
    tests: ['libs/adapters/source-ccxt/src/client.test.ts', 'libs/adapters/source-ccxt/src/venues.test.ts'],
  },
  {
    name: 'an empty object with HTTP 200 counts as no records',
    file: 'libs/adapters/source-ccxt/src/body-check.ts',
    from: 'if (Array.isArray(parsed)) return true;',
    to: 'if (parsed !== undefined) return true;',
    tests: ['libs/adapters/source-ccxt/src/venues.contract.test.ts'],
  },
  {
    name: 'an answer from another world is believed',
    file: 'libs/adapters/source-ccxt/src/body-check.ts',
    from: 'if (told === realm) return;',
    to: 'if (told !== null) return;',
    tests: [
      'libs/adapters/source-ccxt/src/client.test.ts',
      'libs/adapters/source-ccxt/src/ccxt-market-data-source.test.ts',
    ],
  },
  {
    name: 'weight is leased beyond the cap',
    file: 'libs/adapters/budget-shared/src/lease.ts',
    from: 'const fits = ask.need <= rest ||',
    to: 'const fits = ask.need >= 0 ||',
    tests: [
      'libs/adapters/budget-shared/src/lease.test.ts',
      'libs/adapters/budget-shared/src/many-workers.test.ts',
    ],
  },
  {
    name: 'a ban is heard of and ignored',
    file: 'libs/adapters/budget-shared/src/lease.ts',
    from: 'until > now && until <= now + LONGEST_BAN_MS ? until - now : 0;',
    to: 'until > now && until <= 0 ? until - now : 0;',
    tests: ['libs/adapters/budget-shared/src/lease.test.ts'],
  },
  {
    name: 'a lost swap of the budget counts as won',
    file: 'libs/adapters/budget-shared/src/ledger.ts',
    from: "if (answer.outcome === 'committed') return planned;",
    to: 'if (answer.outcome) return planned;',
    tests: ['libs/adapters/budget-shared/src/many-workers.test.ts'],
  },
];

export const BUGS = [...OF_STORES, ...OF_VALUES, ...OF_COLLECTING, ...OF_RUNS, ...OF_REQUESTS];
