import { mkdirSync } from 'node:fs';
import type { Connection } from '../platform/connection-file.js';
import { enrolDemoPeople } from '../platform/demo-people.js';
import { migrate } from '../platform/migrate.js';
import { copyTrust } from '../platform/trust-copy.js';
import { environmentOf, grantGroups, startPostgres } from './postgres.js';
import { startSinks } from './sinks/start-sinks.js';
import type { StartOptions } from './start-options.js';
import { startTemporal } from './temporal-server.js';
import { startServing } from './serving-endpoint.js';
import { startWatchdog, startWorker } from './worker.js';

type Record = Omit<Connection, 'temporal'> & { readonly servingUrl: string };

/**
 * Starts PostgreSQL with the record and Temporal side by side, then worker and serving endpoint, and answers how to reach them.
 * When one fails, `giveUp` is told at once, so that the other does not go on; what already runs was given to `keep`.
 */
export async function startParts(options: StartOptions, giveUp: (error: unknown) => void): Promise<Connection> {
  const watched = async <T>(start: Promise<T>): Promise<T> => {
    try {
      return await start;
    } catch (error) {
      giveUp(error);
      throw error;
    }
  };
  const [record, temporal, sinks] = await Promise.allSettled([
    watched(startRecord(options)),
    watched(startTemporal(options)),
    watched(startSinks(options.paths)),
  ]);
  options.signal.throwIfAborted();
  if (record.status === 'rejected' || temporal.status === 'rejected' || sinks.status === 'rejected')
    throw new Error('the stack did not start');
  const { servingUrl, ...known } = record.value;
  const connection: Connection = {
    ...known,
    temporal: temporal.value,
    sinks: { ...known.sinks, ...sinks.value.places },
  };
  options.say(`Temporal answers on ${connection.temporal.address}; starting the worker`);
  const [serving, ...workers] = await Promise.allSettled([
    startServing(servingUrl, options),
    watched(startWorker(connection, options)),
    watched(startWatchdog(connection, options)),
  ]);
  options.signal.throwIfAborted();
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  const url = serving.status === 'fulfilled' ? serving.value : undefined;
  return { ...connection, ...(url !== undefined && { serving: { url } }) };
}

async function startRecord(options: StartOptions): Promise<Record> {
  const { paths, say } = options;
  const { owner, place, readUrl, workerUrl, servingUrl } = await startPostgres(options);
  const applied = await migrate(owner.ownerUrl, say);
  await grantGroups(owner.superuserUrl);
  for (const folder of [paths.keys, paths.store]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const people = await enrolDemoPeople({ ownerUrl: owner.ownerUrl, keysDir: paths.keys });
  if (people.length > 0) await copyTrust(owner.ownerUrl, paths.trust);
  options.signal.throwIfAborted();
  say(
    `PostgreSQL answers on ${new URL(readUrl).host}${applied.length > 0 ? `; the record is new or was brought up to date` : ''}`,
  );
  return {
    environment: await environmentOf(owner.superuserUrl),
    readUrl,
    workerUrl,
    servingUrl,
    store: paths.store,
    keys: paths.keys,
    people,
    sinks: { notices: paths.notices, serving: paths.serving },
    postgres: { dataDir: place.dataDir, binDir: place.binDir },
  };
}
