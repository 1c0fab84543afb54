import { CHANNEL_RETRY_MS, deliverDirectly } from '../activities/notify/deliver-directly.js';
import { readWorkerConfig } from '../platform/config.js';
import { preflight } from '../platform/preflight.js';
import { createLog, openTelling } from './telling.js';
import { startWatchdog } from './watchdog.js';

const log = createLog();

/** The watchdog alone, from start to SIGTERM or SIGINT: it needs the record and the channels, and neither Temporal nor a worker. */
async function main(): Promise<void> {
  const stopped = new Promise<void>((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done());
  });
  const config = readWorkerConfig();
  await preflight(config.databaseUrl, config.prometheus);
  const telling = openTelling(config, log);
  await telling.pool.query('SELECT gatehouse_now()');
  const watchdog = startWatchdog({ pool: telling.pool, log, deliver: deliverDirectly(telling), againMs: CHANNEL_RETRY_MS });
  process.stdout.write('gatehouse worker ready\n');
  await stopped;
  await watchdog.stop();
  await telling.pool.end();
}

main().catch((error: unknown) => {
  log('error', 'the watchdog ended', { error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 6;
});
