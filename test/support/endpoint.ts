import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { endpointApp } from '../../dev/serving/app.js';
import { makeFaults } from '../../dev/serving/faults.js';
import type { EndpointHealth } from '../../dev/serving/health.js';
import { makeLabels } from '../../dev/serving/labels.js';
import { makeMetrics } from '../../dev/serving/metrics.js';
import { makePredictionLog, type PredictionLog } from '../../dev/serving/prediction-log.js';
import { makeServed, type Served } from '../../dev/serving/served.js';
import { trafficRows, type TrafficRow } from '../../dev/serving/traffic/rows.js';
import type { Db } from '../../platform/pool.js';
import { readTrust } from '../../platform/read/trust.js';
import { EXAMPLE, MODEL } from './stack.js';
import type { World } from './world.js';

/** The rows of the example's hold-out set. */
export const HOLDOUT: readonly TrafficRow[] = trafficRows(readFileSync(join(EXAMPLE, 'data', 'holdout.csv'), 'utf8'), 'impaired');

/** An endpoint without a process: asked as over HTTP, pointed at bundles that a test answers. */
export interface TestEndpoint {
  readonly served: Served;
  readonly log: PredictionLog;
  readonly serving: string;
  /** What `resolve` answers of a version; a test may change it. */
  readonly bundles: Map<string, unknown>;
  /** How often a version was asked for. */
  readonly asked: string[];
  app: Hono;
  /** Points to a version, and waits until it is served or refused. */
  point(version: string | null): Promise<void>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<{ status: number; json: Record<string, unknown> }>;
  get(path: string): Promise<string>;
  health(): Promise<EndpointHealth>;
  close(): Promise<void>;
}

/** Makes an endpoint on a world's store and people, whose log writes to `db`. */
export async function makeEndpoint(world: World, db: Db): Promise<TestEndpoint> {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-endpoint-'));
  const [serving, trust] = [root, join(root, 'trust')];
  writeFileSync(trust, JSON.stringify(await readTrust(world.db.reader)));
  const bundles = new Map<string, unknown>();
  const asked: string[] = [];
  const metrics = makeMetrics();
  const log = makePredictionLog(db, { everyMs: 1 });
  let changes = 0;
  const served = makeServed({
    record: world.db.reader,
    paths: { root, serving, trust, store: world.deps.store.dir },
    now: () => changes,
    onChange: ({ serving: loaded }) => loaded && metrics.begin(loaded),
    resolve: ({ version }) => {
      asked.push(version);
      return Promise.resolve(bundles.get(version));
    },
  });
  const app = endpointApp(served, { metrics, log, faults: makeFaults(), labels: makeLabels() });
  const get = async (path: string) => (await app.request(path, { headers: { host: 'localhost' } })).text();
  return {
    served,
    log,
    serving,
    bundles,
    asked,
    app,
    async point(version) {
      const pointer = { model: MODEL, version, artifactDigest: null, change: `change ${(changes += 1)}` };
      writeFileSync(join(serving, `${MODEL}.json`), JSON.stringify(pointer));
      await served.look();
      await served.slot(MODEL, 'production')?.settled();
    },
    async post(path, body, headers = { 'content-type': 'application/json' }) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await app.request(path, { method: 'POST', body: text, headers: { host: 'localhost', ...headers } });
      const answered = await response.text();
      return { status: response.status, json: (answered === '' ? {} : JSON.parse(answered)) as Record<string, unknown> };
    },
    get,
    health: async () => JSON.parse(await get('/health')) as EndpointHealth,
    async close() {
      await served.close();
      await log.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
