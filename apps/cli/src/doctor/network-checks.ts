import { connect } from 'node:net';
import type { RuntimeConfig } from '@kairos/config';
import { addressOf, findServer, isServed, type Found } from '../door/find-server.ts';
import { same, type Check } from './check.ts';

const SERVER = { en: 'server', zh: '服务' };

/** Whether a server runs where the configuration says, and on the same store. */
export async function serverCheck(config: RuntimeConfig, path: string): Promise<Check> {
  const url = addressOf(config.http);
  if (url === undefined)
    return {
      id: 'server',
      label: SERVER,
      verdict: 'ok',
      seen: {
        en: 'takes any free port (http.port 0): not looked for',
        zh: '使用任意空闲端口（http.port 为 0），未检查',
      },
    };
  const found = await findServer(url, config.http.token?.reveal());
  return { id: 'server', label: SERVER, ...verdictOf(found, path) };
}

function verdictOf(found: Found, path: string): Pick<Check, 'verdict' | 'seen' | 'remedy'> {
  const { url } = found;
  switch (found.kind) {
    case 'server': {
      const other = found.store.path !== undefined && !isServed(found.store, path);
      const about = `${url}: pid ${found.pid ?? '?'}, ${found.version}`;
      if (!other) return { verdict: 'ok', seen: { en: `runs at ${about}`, zh: `运行中 ${about}` } };
      return {
        verdict: 'warn',
        seen: {
          en: `runs at ${about}, on another store: ${found.store.path}`,
          zh: `运行中 ${about}，但使用另一存储：${found.store.path}`,
        },
        remedy: {
          en: 'give the command line the configuration of the server (--config), or say --server or --store',
          zh: '让命令行使用与服务相同的配置（--config），或指明 --server、--store',
        },
      };
    }
    case 'none':
      return {
        verdict: 'ok',
        seen: {
          en: `none at ${url}; the store is opened directly`,
          zh: `${url} 没有服务；命令行直接打开存储`,
        },
        remedy: {
          en: 'to collect on schedule: npx nx serve standalone',
          zh: '如需按计划采集：npx nx serve standalone',
        },
      };
    case 'refused':
      return {
        verdict: 'fail',
        seen: {
          en: `${url} refuses us (HTTP ${found.status})`,
          zh: `${url} 拒绝访问（HTTP ${found.status}）`,
        },
        remedy: {
          en: 'set KAIROS_HTTP__TOKEN to the token of the server',
          zh: '请将 KAIROS_HTTP__TOKEN 设为服务的令牌',
        },
      };
    case 'silent':
      return {
        verdict: 'fail',
        seen: { en: `${url} takes connections and does not answer`, zh: `${url} 可连接但不应答` },
        remedy: {
          en: 'a server may hang there: end it, start it again',
          zh: '可能是服务挂起：请结束后重新启动',
        },
      };
    case 'stranger':
      return {
        verdict: 'warn',
        seen: { en: `${url} is held by another program`, zh: `${url} 被其他程序占用` },
        remedy: {
          en: 'choose another port: http.port, or KAIROS_HTTP__PORT',
          zh: '请更换端口：http.port 或 KAIROS_HTTP__PORT',
        },
      };
  }
}

const CONNECT_MS = 3_000;

const reachable = (host: string, port: number): Promise<string | undefined> =>
  new Promise((done) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      done(problem);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`no answer within ${CONNECT_MS / 1_000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });

const PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'socks5:': 1080,
  'socks5h:': 1080,
};

/** The proxies that would be used, each tried for a connection. A password is never shown. */
export async function proxyChecks(config: RuntimeConfig): Promise<Check[]> {
  const named = new Map<string, string>();
  if (config.proxy) named.set('HTTPS_PROXY / ALL_PROXY', config.proxy.url.reveal());
  for (const [id, source] of Object.entries(config.sources))
    if (source.driver === 'ccxt' && source.proxy !== undefined && source.proxy !== 'none')
      named.set(`sources.${id}.proxy`, source.proxy);
  if (named.size === 0)
    return [
      {
        id: 'proxy',
        label: { en: 'proxy', zh: '代理' },
        verdict: 'ok',
        seen: { en: 'none is set', zh: '未设置' },
      },
    ];
  return Promise.all([...named].map(([by, text]) => proxyCheck(by, text)));
}

async function proxyCheck(by: string, text: string): Promise<Check> {
  const label = { en: 'proxy', zh: '代理' };
  if (!URL.canParse(text))
    return {
      id: 'proxy',
      label,
      verdict: 'fail',
      seen: { en: `${by} is no address`, zh: `${by} 不是有效地址` },
      remedy: {
        en: 'write http://host:port or socks5://host:port',
        zh: '请写作 http://主机:端口 或 socks5://主机:端口',
      },
    };
  const url = new URL(text);
  const port = Number(url.port) || PORTS[url.protocol] || 80;
  const problem = await reachable(url.hostname.replace(/^\[|\]$/g, ''), port);
  const place = `${url.protocol}//${url.hostname}:${port}`;
  if (problem === undefined) return { id: 'proxy', label, verdict: 'ok', seen: same(`${by} ${place}`) };
  return {
    id: 'proxy',
    label,
    verdict: 'fail',
    seen: {
      en: `${by} ${place} cannot be reached (${problem})`,
      zh: `${by} ${place} 无法连接（${problem}）`,
    },
    remedy: {
      en: 'start the proxy, correct the address, or unset it; proxy: none at a source goes past it',
      zh: '请启动代理、修正地址或取消设置；在来源处写 proxy: none 可绕过',
    },
  };
}
