import type pg from 'pg';
import { pino } from 'pino';
import { fileChannel } from '../activities/notify/file-channel.js';
import { outsideChannel } from '../activities/notify/outside-channel.js';
import type { Log } from '../activities/ports.js';
import type { Deps } from '../activities/registry/deps.js';
import { configuredSenders } from '../platform/channels/configured.js';
import type { WorkerConfig } from '../platform/config.js';
import { openPool } from '../platform/pool.js';

/** What it takes to read the record and tell people of it. */
export type Telling = Pick<Deps, 'channels' | 'places' | 'log'> & { readonly pool: pg.Pool };

/** JSON lines on stderr. */
export function createLog(): Log {
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    pino.destination({ fd: 2, sync: true }),
  );
  return (level, message, fields) => logger[level](fields ?? {}, message);
}

/** As many as a worker's activities may want at once, so that none waits for one until it is given up. */
const CONNECTIONS = 20;

/** A pool on the record and the channels that are configured; nothing is asked of either yet. */
export function openTelling(config: WorkerConfig, log: Log): Telling {
  const { channels, ...places } = config.notify;
  return {
    pool: openPool(config.databaseUrl, 'gatehouse worker', { max: CONNECTIONS }),
    channels: [fileChannel(config.notices), ...configuredSenders(channels).map(outsideChannel)],
    places: { ...places, namespace: config.temporal.namespace },
    log,
  };
}
