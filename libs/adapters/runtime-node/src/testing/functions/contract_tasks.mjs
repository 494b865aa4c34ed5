// The fixture of the law of task runtimes: what each task does is told there.
const numberSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value.n === 'number' ? { value } : { issues: [{ message: 'must be a number', path: ['n'] }] },
  },
};

const oneRecord = (cell) => ({
  series: { source: 'own', symbol: 'ABC', dataType: 'kline', frequency: '1d' },
  columns: ['timestamp_ms', 'open', 'high', 'low', 'close', 'volume'],
  rows: [[1_700_006_400_000, cell, '2', '0.5', '1.5', '100']],
});

const DAY = 86_400_000;

export const tasks = {
  echo: (ctx, params) => ({
    params,
    state: ctx.state,
    slot: ctx.slot,
    taskName: ctx.task.name,
    taskType: ctx.task.type,
    attempt: ctx.attempt,
  }),

  log_lines: async (ctx, { count }) => {
    for (const [level, name] of [
      ['debug', 'a debug'],
      ['info', 'an info'],
      ['warn', 'a warn'],
      ['error', 'an error'],
    ])
      ctx.log[level](`${name} line`);
    for (let i = 0; i < count; i += 1) ctx.log.info('line %d', i);
    return count;
  },

  print_noise: async () => {
    console.log('to standard output');
    process.stdout.write(Buffer.from([0xff, 0xfe, 0x78, 0x0a]));
    console.error('to standard error');
    return 'printed';
  },

  emit: async (ctx, params) => {
    ctx.log.info('handing in');
    try {
      const answer = await ctx.records(params.records);
      ctx.log.info('answered');
      return answer;
    } catch (error) {
      if (!params.catch) throw error;
      return { code: error.code };
    }
  },

  emit_many: (ctx, { count }) =>
    ctx.records({
      ...oneRecord('1'),
      range: { from: 0, to: (count + 1_000) * DAY },
      complete: true,
      rows: Array.from({ length: count }, (_, i) => [i * DAY, `${i}.5`, '60000', '1', '1', '0']),
    }),

  emit_too_big: (ctx) => ctx.records(oneRecord('x'.repeat(100_000_000))),
  emit_nan: (ctx) => ctx.records(oneRecord(NaN)),

  count: async (ctx) => {
    await ctx.saveState((ctx.state ?? 0) + 1);
    return ctx.state;
  },

  typed: { params: numberSchema, run: (_ctx, { n }) => n },

  fail: (_ctx, { message }) => {
    throw new Error(message);
  },

  fail_permanent: async () => {
    throw Object.assign(new Error('there is no such fund'), { permanent: true });
  },

  exit: () => process.exit(3),

  hang: (ctx) => {
    ctx.log.info('hanging');
    for (;;);
  },

  wait_abort: async (ctx) => {
    ctx.log.info('waiting');
    await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    ctx.log.info('stopping');
    return 'aborted';
  },

  deadline: (ctx) => (ctx.deadline - new Date()) / 1000,
  big_result: () => 'x'.repeat(2_000_000),
  result_nan: () => ({ ratio: 0 / 0 }),

  memory_hog: () => {
    const hog = [];
    for (;;) hog.push(new Array(100_000).fill(1.5));
  },
};
