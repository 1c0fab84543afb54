import type pg from 'pg';
import { loggable } from '../activities/failures.js';
import type { Log, Runs } from '../activities/ports.js';
import { versionsInService, type InService } from '../platform/read/live.js';

/** What a look after the watches stands on. */
export interface WatchesDeps {
  readonly pool: pg.Pool;
  readonly runs: Pick<Runs, 'watch'>;
  readonly log: Log;
}

/** A watch that was seen within this much of its intervals, and a little for a busy machine, is left alone. */
const INTERVALS = 1.5;
const GRACE_MS = 2_000;
/** A run that looks right and still does nothing for this long is ended and another one started. */
const PATIENCE_MS = 60_000;

/** Makes sure that every version in production is watched: a run that is gone, or not as it should be, is started again. */
export function createWatches({ pool, runs, log }: WatchesDeps): () => Promise<void> {
  const replacedAt = new Map<string, number>();

  return async () => {
    for (const watched of await versionsInService(pool)) {
      if (!isSilent(watched)) continue;
      const { changeKey: key, model, version, n, silentMs } = watched;
      const now = Date.now();
      const isAnew = silentMs > PATIENCE_MS + 3 * watched.policy.watch.every && now - (replacedAt.get(key) ?? 0) > PATIENCE_MS;
      if (isAnew) {
        replacedAt.set(key, now);
        log('warn', 'a watch has seen nothing for too long and is started anew', { model, version, silentMs });
      }
      await runs.watch({ key, model, version, n }, isAnew).catch((error: unknown) => {
        log('warn', 'a watch could not be made sure of, will try again', { model, version, ...loggable(error) });
      });
    }
  };
}

function isSilent({ lastSeverity, silentMs, policy }: InService): boolean {
  return lastSeverity === null || silentMs < 0 || silentMs > INTERVALS * policy.watch.every + GRACE_MS;
}
