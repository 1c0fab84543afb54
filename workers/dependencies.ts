import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { bundleWorkflowCode, NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createDataProfiler } from '../activities/checks/duckdb-profiler.js';
import { createModelRunner } from '../activities/checks/model-runner.js';
import { providerKeys } from '../activities/identity/provider-keys.js';
import { metricsSources } from '../activities/metrics/sources.js';
import type { Log } from '../activities/ports.js';
import { grafanaDashboards } from '../activities/serving/grafana-dashboards.js';
import { pointerFile } from '../activities/serving/pointer-file.js';
import type { Deps } from '../activities/registry/deps.js';
import type { WorkerConfig } from '../platform/config.js';
import { packageRoot, runsFromSources } from '../platform/entry.js';
import { loadPayloadCodecs } from '../platform/payload-codecs.js';
import { openPool } from '../platform/pool.js';
import { openStore } from '../platform/store.js';
import { createRuns, type WorkerRuns } from './runs.js';
import { openTelling } from './telling.js';

/** Everything one worker process stands on; `close` gives it back, last opened first. */
export interface Dependencies {
  readonly activities: Deps & { readonly runs: WorkerRuns };
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly payloadCodecs: PayloadCodec[];
  close(): Promise<void>;
}

/** Looks at production do not stand in line with whatever else wants the record. */
const WATCH_CONNECTIONS = 8;

/** Opens the record, the store and Temporal; throws when one of them does not answer. */
export async function openDependencies(config: WorkerConfig, log: Log): Promise<Dependencies> {
  const telling = openTelling(config, log);
  const { pool } = telling;
  const watchPool = openPool(config.databaseUrl, 'gatehouse watch', { max: WATCH_CONNECTIONS });
  await pool.query('SELECT gatehouse_now()');
  const connection = await NativeConnection.connect(config.temporal.connectionOptions);
  const payloadCodecs = await loadPayloadCodecs(config.temporal.payloadCodec);
  const converter = { ...dataConverter(), payloadCodecs };
  const client = new Client({ connection, namespace: config.temporal.namespace, dataConverter: converter });
  const runs = createRuns(client, pool, log);
  return {
    activities: {
      ...telling,
      watchPool,
      store: openStore(config.store),
      models: createModelRunner(),
      data: createDataProfiler(),
      serving: pointerFile(config.serving),
      dashboards: config.grafana ? [grafanaDashboards(config.grafana)] : [],
      sources: metricsSources(watchPool, config.prometheus),
      runs,
      ...(config.identityProvider && { identityProvider: providerKeys(config.identityProvider) }),
    },
    client,
    connection,
    payloadCodecs,
    async close() {
      await connection.close();
      await Promise.all([pool.end(), watchPool.end()]);
    },
  };
}

/** The workflow code, the bundle of the build or bundled now when run from the sources, and how it reads payloads. */
export async function workflowCode(
  payloadCodecs: PayloadCodec[],
): Promise<Pick<WorkerOptions, 'workflowBundle' | 'dataConverter'>> {
  const built = join(packageRoot(), 'dist', 'workflow-bundle.js');
  if (!runsFromSources() && existsSync(built)) {
    return { workflowBundle: { codePath: built }, dataConverter: { ...dataConverter(), payloadCodecs } };
  }
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, ...dataConverter() });
  return { workflowBundle, dataConverter: { ...dataConverter(), payloadCodecs } };
}

/** The SDK wants a path, because the sandbox and the worker each load their own. */
function dataConverter(): { readonly payloadConverterPath: string } {
  const built = join(packageRoot(), 'dist', 'payload-converter.cjs');
  if (!runsFromSources()) return { payloadConverterPath: built };
  return { payloadConverterPath: fileURLToPath(new URL('../workflows/payload-converter.ts', import.meta.url)) };
}
