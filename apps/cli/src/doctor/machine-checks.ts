import { existsSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { KairosError } from '@kairos/domain';
import { openSqliteStore } from '@kairos/store-sqlite';
import { bytes } from '../terminal/figures.ts';
import { same, type Check } from './check.ts';

const LEAST_NODE = [20, 19] as const;

export function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return {
    id: 'node',
    label: same('Node'),
    verdict: enough ? 'ok' : 'fail',
    seen: same(version),
    ...(!enough && {
      remedy: {
        en: `install Node ${LEAST_NODE.join('.')} or later`,
        zh: `请安装 Node ${LEAST_NODE.join('.')} 或更新版本`,
      },
    }),
  };
}

const LABEL = { en: 'store', zh: '存储' };
const DISK = { en: 'disk', zh: '磁盘' };

/** Whether the store opens, takes a write, and is sound as far as a glance tells. A store that is not there is not made. */
export async function storeCheck(path: string): Promise<Check> {
  if (!existsSync(path)) return absentStore(path);
  try {
    const store = await openSqliteStore({ path });
    try {
      await store.tasks.ping({ now: Date.now() });
      const tasks = await store.tasks.list({ filter: {}, limit: 1 });
      const size = await sizeOf(path);
      return {
        id: 'store',
        label: LABEL,
        verdict: 'ok',
        seen: {
          en: `${path}: opens, takes a write; ${bytes(size)}, tasks: ${tasks.total}`,
          zh: `${path}：可打开、可写入；${bytes(size)}，任务 ${tasks.total} 个`,
        },
      };
    } finally {
      await store.close();
    }
  } catch (error) {
    const seen = KairosError.is(error) ? `${error.code}: ${error.message}` : String(error);
    return {
      id: 'store',
      label: LABEL,
      verdict: 'fail',
      seen: same(seen),
      remedy: {
        en: 'docs/reference/errors.md tells what this code wants; --store PATH opens another',
        zh: '各错误码的处理办法见 docs/reference/errors.md；--store PATH 可打开其他存储',
      },
    };
  }
}

/** Of a store that is in use the newest pages are in its log. */
export async function sizeOf(path: string): Promise<number> {
  const sizes = [path, `${path}-wal`].map((file) =>
    stat(file).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function absentStore(path: string): Promise<Check> {
  let folder = dirname(resolve(path));
  while (!existsSync(folder)) folder = dirname(folder);
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  return {
    id: 'store',
    label: LABEL,
    verdict: writable ? 'ok' : 'fail',
    seen: {
      en: writable
        ? `${path}: not there yet; it is made when first needed`
        : `${path}: not there, and ${folder} takes no files`,
      zh: writable ? `${path}：尚不存在，首次使用时创建` : `${path}：不存在，且 ${folder} 不可写`,
    },
    ...(!writable && {
      remedy: {
        en: 'set task_store.path to a folder that is yours',
        zh: '请将 task_store.path 设到可写的文件夹',
      },
    }),
  };
}

const GB = 1e9;

/** Room where the store lies. */
export async function diskCheck(path: string): Promise<Check> {
  let folder = dirname(resolve(path));
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const verdict = free < 0.2 * GB ? 'fail' : free < 2 * GB ? 'warn' : 'ok';
  return {
    id: 'disk',
    label: DISK,
    verdict,
    seen: { en: `${bytes(free)} free at ${folder}`, zh: `${folder} 剩余 ${bytes(free)}` },
    ...(verdict !== 'ok' && {
      remedy: {
        en: 'make room: a year of 1m candles takes about 5 MB a series, and writing stops when the disk is full',
        zh: '请清理空间：一年 1m K 线每个序列约需 5 MB，磁盘满后停止写入',
      },
    }),
  };
}
