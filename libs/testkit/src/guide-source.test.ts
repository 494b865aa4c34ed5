import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import * as domain from '@kairos/domain';
import type { Clock, MarketDataSource, VenueBudget } from '@kairos/ports';
import { transform } from 'esbuild';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { klineRow, T0 } from './builders.ts';
import { FakeClock } from './fake-clock.ts';
import {
  marketDataSourceContract,
  RETRY_AFTER_MS,
  type SourceBench,
  type SourceFault,
} from './contracts/market-data-source.contract.ts';

const ROOT = new URL('../../../', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, ROOT));
const GUIDE = readFileSync(pathOf('docs/guides/write-a-source.md'), 'utf8');

/** The guide's pieces, put together in their order. */
const SAMPLE = [...GUIDE.matchAll(/^```ts sample\n(.*?)^```/gms)].map(([, code]) => code).join('\n');

interface Sample {
  readonly DemoMarketDataSource: new (options: {
    readonly id: string;
    readonly realm: string;
    readonly baseUrl: string;
    readonly budget: VenueBudget;
    readonly clock: Clock;
  }) => MarketDataSource;
}

/** What the sample imports at run time. Anything else it might want is a mistake of the guide. */
const MODULES: Readonly<Record<string, unknown>> = { '@kairos/domain': domain, 'node:crypto': crypto };

let sample: Sample;
beforeAll(async () => {
  const { code } = await transform(SAMPLE, { loader: 'ts', format: 'cjs', target: 'node20' });
  const module: { exports: unknown } = { exports: {} };
  compileFunction(code, ['module', 'exports', 'require'])(module, module.exports, (name: string) => {
    if (!Object.hasOwn(MODULES, name)) throw new Error(`the guide imports ${name}`);
    return MODULES[name];
  });
  sample = module.exports as Sample;
});

/** Everything TypeScript says against a text, as if it lay beside this file. */
function complaintsAbout(text: string): string[] {
  const file = pathOf('libs/testkit/src/guide-sample.ts');
  const { config } = ts.readConfigFile(pathOf('tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, pathOf('.'));
  const settings = { ...options, noEmit: true, rewriteRelativeImportExtensions: false };
  const host = ts.createCompilerHost(settings);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, how, ...rest) =>
    name === file ? ts.createSourceFile(name, text, how) : getSourceFile(name, how, ...rest);
  const program = ts.createProgram([file], settings, host);
  return ts
    .getPreEmitDiagnostics(program)
    .filter((d) => d.file?.fileName === file)
    .map((d) => ts.flattenDiagnosticMessageText(d.messageText, ' '));
}

describe('docs/guides/write-a-source.md', () => {
  it('shows a sample that TypeScript has nothing against', { timeout: 120_000 }, () => {
    expect(complaintsAbout(SAMPLE)).toEqual([]);
    expect(complaintsAbout(`${SAMPLE}\nexport const wrong: number = 'text';`)).toHaveLength(1);
  });

  it('names every code of its table as the sample or the rooms use it', () => {
    for (const code of [
      'SYMBOL_UNKNOWN',
      'SYMBOL_AMBIGUOUS',
      'SERIES_REFUSED',
      'SOURCE_AUTH',
      'SOURCE_FORBIDDEN',
      'SOURCE_REALM',
    ]) {
      expect(SAMPLE).toContain(`'${code}'`);
      expect(GUIDE).toContain(`\`${code}\``);
    }
  });
});

const MINUTE = 60_000;
const TRUTH = Array.from({ length: 20 }, (_, i) => {
  const { ts: at, values } = klineRow(T0 + i * MINUTE);
  return { ts: at, values: [...values.slice(0, 5), null, null] };
});

/** How the guide's venue fails. */
const FAILURES: Readonly<Record<SourceFault, (response: ServerResponse) => void>> = {
  html: (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>maintenance</html>'),
  blank: (r) => r.writeHead(200).end(),
  'no-list': (r) => r.writeHead(200).end('{}'),
  cut: (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('[[1704067200000,"42000.0'),
  'rate-limited': (r) => r.writeHead(429, { 'retry-after': String(RETRY_AFTER_MS / 1_000) }).end(),
  unavailable: (r) => r.writeHead(503).end(),
  'other-realm': (r) => r.writeHead(200, { 'x-realm': 'live' }).end('[]'),
  hang: () => undefined,
};

function candles(query: URLSearchParams): unknown {
  const [from, to, limit] = ['from', 'to', 'limit'].map((name) => Number(query.get(name)));
  const inside = TRUTH.filter((r) => r.ts >= (from ?? 0) && r.ts < (to ?? 0));
  return inside.slice(0, limit).map((r) => [r.ts, ...r.values.slice(0, 5)]);
}

/** The venue of the guide, on this machine. */
async function openBench(budget: VenueBudget): Promise<SourceBench> {
  let fault: SourceFault | undefined;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const url = new URL(request.url ?? '/', 'http://venue');
    if (fault !== undefined) FAILURES[fault](response);
    else {
      const body = url.pathname === '/markets' ? ['BTC/USDT', 'ETH/USDT'] : candles(url.searchParams);
      response.writeHead(200, { 'x-realm': 'sandbox:guide' }).end(JSON.stringify(body));
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const source = new sample.DemoMarketDataSource({
    id: 'demo',
    realm: 'sandbox:guide',
    baseUrl: `http://127.0.0.1:${port}`,
    budget,
    clock: new FakeClock(),
  });
  return {
    source,
    symbol: 'BTCUSDT',
    unknownSymbol: 'NOPE/USDT',
    timeframe: '1m',
    range: { from: T0, to: T0 + TRUTH.length * MINUTE },
    truth: TRUTH,
    fail: (next) => {
      fault = next;
    },
    requests: () => requests,
    close: async () => {
      await source.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

marketDataSourceContract('the source of the guide', { open: ({ budget }) => openBench(budget) });
