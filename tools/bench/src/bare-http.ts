/**
 * The least that could answer a signal over HTTP: `node:http`, and the same rooms behind it, over the memory store.
 * `bare-http URL REALM`; prints its own URL.
 */
import { createServer } from 'node:http';
import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import { SystemClock, SystemIds } from '@kairos/clock-system';
import { SeriesService } from '@kairos/series';
import { createSignalHandler } from '@kairos/signals';
import { TaskService } from '@kairos/tasks';
import { createCcxtSources } from '@kairos/source-ccxt';
import { MemoryRunHistory, MemorySeriesStore, MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import { createLogger } from '@kairos/telemetry-pino';

const [url = '', realm = ''] = process.argv.slice(2);
const data = new MemoryStore();
const clock = new SystemClock();
const log = createLogger({ level: 'silent', pretty: false, secrets: [] });
const stores = {
  tasks: new MemoryTaskStore(data),
  history: new MemoryRunHistory(data),
  series: new MemorySeriesStore(data, clock),
};
const always = new AlwaysOpenCalendar();
const calendars = { of: () => always };
const budget = { take: async () => undefined, observe: () => undefined, ban: () => undefined };
const sources = createCcxtSources({
  sources: { bench: { exchange: 'binance', baseUrl: url, realm } },
  budget,
  clock,
  log,
});
const tasks = new TaskService({ ...stores, calendars, clock, ids: new SystemIds(), maxTasks: 20_000 });
const series = new SeriesService({ store: stores.series, calendars, clock, realmOf: () => realm });
const signals = createSignalHandler({
  tasks,
  queries: tasks,
  series,
  sources,
  clock,
  log,
  locale: 'en',
  warnings: () => ['store_not_durable'],
});

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => void chunks.push(chunk));
  request.on('end', () => {
    void signals.handleText(Buffer.concat(chunks), {}).then(({ status, body }) => {
      const text = JSON.stringify(body);
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    });
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
