import { serve } from '@hono/node-server';
import { setTimeout as delay } from 'node:timers/promises';
import { readEndpointConfig } from '../../platform/endpoint-config.js';
import { openPool } from '../../platform/pool.js';
import { HOST } from '../ports.js';
import { endpointApp } from './app.js';
import { makeFaults } from './faults.js';
import { makeLabels } from './labels.js';
import { makeMetrics } from './metrics.js';
import { makePredictionLog } from './prediction-log.js';
import { makeServed } from './served.js';

const LOOK_MS = 250;
const STAGING_MS = 1_000;
const REQUEST_MS = 10_000;
const CONNECTIONS = 500;

/** One process of the demo serving endpoint, until SIGTERM or SIGINT. */
const { paths, databaseUrl, port } = readEndpointConfig();
const stopping = new AbortController();
for (const event of ['SIGTERM', 'SIGINT'] as const) process.on(event, () => stopping.abort());
// Its log may be on a disk that is full.
process.stdout.on('error', () => undefined);

const metrics = makeMetrics();
const pool = openPool(databaseUrl, 'gatehouse serving', { max: 1 });
const log = makePredictionLog(pool, {
  onChange: (works) => say(works ? 'predictions are written down again' : 'predictions cannot be written down; they wait'),
});
const served = makeServed({
  paths,
  now: Date.now,
  onChange: ({ model, stage, serving, problem }) => {
    if (serving) metrics.begin(serving);
    say(
      `${model} in ${stage}: ${serving ? `${serving.version} is verified, loaded and serves` : `nothing newer is served: ${problem}`}`,
    );
  },
});
const app = endpointApp(served, { metrics, log, faults: makeFaults(), labels: makeLabels() });
const server = serve({ fetch: app.fetch, hostname: HOST, port }, () => say('gatehouse serving ready'));
server.on('error', (error) => {
  say(`it cannot listen: ${error.message}`);
  process.exit(6);
});
if ('requestTimeout' in server)
  Object.assign(server, { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, maxConnections: CONNECTIONS });

await Promise.all([every(LOOK_MS, () => served.look()), every(STAGING_MS, () => served.lookAtStaging())]);
server.close();
await served.close();
await log.close();
process.exit(0);

async function every(pauseMs: number, work: () => Promise<void>): Promise<void> {
  while (!stopping.signal.aborted) {
    await work().catch((error: unknown) => say(`it could not look: ${(error as Error).message}`));
    await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}
