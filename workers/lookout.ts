import type { Client } from '@temporalio/client';
import type { Log } from '../activities/ports.js';
import { promotionWorkflowId } from '../domain/ids.js';
import { QUEUES } from './queues.js';
import { livingRun } from './run-shown.js';
import type { OpenPromotion } from './open-promotions.js';
import type { WorkerRuns } from './runs.js';
import { isOverdue, isStuck, suspicionOf, watchOn, type Watched } from './stuck.js';

/** A run as the list of runs has it, which says little. */
export interface ListedRun {
  readonly runId: string;
  /** Whether the list alone gives reason to look closer. */
  readonly isOdd: boolean;
}

/** Looks at one promotion's run; the first look at each run is a close one, later ones only where something is odd. */
export type Lookout = (promotion: OpenPromotion, listed: ListedRun | undefined) => Promise<void>;

const BETWEEN_REPLACEMENTS_MS = 10 * 60_000;

/** A lookout with its memory, which it keeps while this process lives. */
export function createLookout({ client, runs, log }: { client: Client; runs: WorkerRuns; log: Log }): Lookout {
  const sound = new Map<string, string>();
  const watched = new Map<string, Watched>();
  const replacedAt = new Map<string, number>();

  return async ({ id, first_run_id: recorded, silent_ms: silentMs, every_ms: everyMs }, listed) => {
    const isLate = silentMs !== null && isOverdue(silentMs, everyMs);
    if (listed && !listed.isOdd && !isLate && sound.get(id) === `${recorded} ${listed.runId}`) return;

    const run = await livingRun(client, promotionWorkflowId(id));
    if (!run || run.firstRunId !== recorded) {
      await runs.ensure(id);
      return;
    }
    const suspicion = suspicionOf(run, QUEUES, isLate ? everyMs : null);
    if (!suspicion) {
      watched.delete(id);
      sound.set(id, `${recorded} ${run.runId}`);
      return;
    }
    const now = Date.now();
    const lasts = watchOn(watched.get(id), run.runId, now);
    watched.set(id, lasts);
    if (!isStuck(lasts, suspicion) || now - (replacedAt.get(id) ?? 0) < BETWEEN_REPLACEMENTS_MS) return;
    log('warn', 'a run does not work and is replaced', { promotionId: id, run: run.runId, why: suspicion.why });
    replacedAt.set(id, now);
    await runs.replace(id, recorded, suspicion.why);
  };
}
