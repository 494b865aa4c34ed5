import { describe, expect, it } from 'vitest';
import { judgeForTarget } from './scheduled-tasks-target.ts';
import { readScheduledTasks } from './scheduled-tasks.ts';

const TARGETS = ['standalone', 'aws-lambda', 'tencent-scf'] as const;
const TASK = {
  function: 'f',
  runtime: 'python3.11',
  schedule: 'cron(0 18 * * ? *)',
  timezone: 'Asia/Shanghai',
};

function judged(target: (typeof TARGETS)[number], ...tasks: readonly object[]): string[] {
  const { entries } = readScheduledTasks({ text: JSON.stringify({ tasks }), file: 'f.json' });
  expect(entries).toHaveLength(tasks.length);
  return judgeForTarget(entries, target).map((p) => `${p.severity} ${p.code} ${p.task ?? ''} ${p.path}`);
}

const task = (name: string, more: object = {}, config: object = {}): object => ({
  ...TASK,
  name,
  ...more,
  config: { taskType: 't', ...config },
});

describe('judgeForTarget', () => {
  it.each(TARGETS)('has nothing to say of an ordinary task on %s', (target) => {
    expect(judged(target, task('a'))).toEqual([]);
  });

  it.each(TARGETS)(
    'warns on %s of a run that may outlast its interval, and not of one that just fits',
    (target) => {
      const often = { schedule: 'rate(3 minutes)' };

      expect(judged(target, task('a', often, { timeout: 180 }), task('b', often, { timeout: 181 }))).toEqual([
        'warning timeout_exceeds_interval b tasks[1].schedule',
      ]);
    },
  );

  it('counts the timers of a function on SCF, not those of others, nor of tasks that are off or started each minute', () => {
    const ten = Array.from({ length: 10 }, (_, i) => task(`t${i}`));
    const others = [
      task('other', { function: 'g' }),
      task('bigger', {}, { memory: 1024 }),
      task('off', { enabled: false }),
      task('rate', { schedule: 'rate(1 hour)' }),
    ];

    expect(judged('tencent-scf', ...ten, ...others)).toEqual([]);
    expect(judged('tencent-scf', ...ten, ...others, task('eleventh'))).toEqual([
      'warning scf_timers eleventh tasks[14].schedule',
    ]);
    expect(judged('aws-lambda', ...ten, task('eleventh'))).toEqual([]);
  });

  it('knows how much memory SCF gives', () => {
    const tasks = [task('a', {}, { memory: 3072 }), task('b', {}, { memory: 3073 })];

    expect(judged('tencent-scf', ...tasks)).toEqual(['error scf_memory b tasks[1].schedule']);
    expect(judged('aws-lambda', ...tasks)).toEqual([]);
  });

  it('leaves collect tasks without a schedule of their own alone', () => {
    expect(judged('tencent-scf', { name: 'c', source: 's', symbols: ['BTCUSDT'], frequency: '1m' })).toEqual(
      [],
    );
  });

  it('speaks Chinese too', () => {
    const { entries } = readScheduledTasks({
      text: JSON.stringify({ tasks: [task('a', { schedule: 'rate(1 minute)' })] }),
      file: 'f.json',
    });

    expect(judgeForTarget(entries, 'standalone', 'zh')[0]?.message).toContain('一次运行最长300秒');
  });
});
