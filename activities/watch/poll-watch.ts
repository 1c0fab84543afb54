import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { IncidentChange } from '../../domain/incidents.js';
import type { ConditionSeverity } from '../../domain/live-condition.js';
import { versionsInService } from '../../platform/read/live.js';
import type { Deps } from '../registry/deps.js';
import { sendOut } from '../notify/notices.js';
import { rollBackWhereDue } from './automatic-rollback.js';
import { lookAt } from './look.js';
import { recordLook } from './record-look.js';
import { createTrainingOf } from './training-of.js';

const HEARTBEAT_MS = 1_000;
/** Two looks are never closer than this. */
const LEAST_PAUSE_MS = 200;

/** What the watch's run is told: that the version has left production, or what has changed of its incidents. */
export type Watched =
  | { readonly kind: 'left' }
  | {
      readonly kind: 'changed';
      readonly model: string;
      readonly version: string;
      /** How grave what is open is together. */
      readonly severity: ConditionSeverity;
      readonly open: readonly string[];
      readonly changes: readonly Pick<IncidentChange, 'condition' | 'change' | 'severity' | 'what'>[];
    };

/**
 * One look at a version in production: reads its figures, records the window, opens and closes incidents, and takes the version back
 * where that is due; nobody is waited for before that. Fails benignly to be called again, so that any number of healthy looks costs
 * its run three events, and returns when there is something to show. Safe to run again at any point.
 */
export function createPollWatch(given: Deps) {
  const deps: Deps = { ...given, pool: given.watchPool ?? given.pool };
  const trainingOf = createTrainingOf(deps);
  return async function pollWatch({ changeKey }: { changeKey: string }): Promise<Watched> {
    const started = performance.now();
    const [watched] = await versionsInService(deps.pool, { changeKey });
    if (!watched) return { kind: 'left' };
    const { every } = watched.policy.watch;
    const again = (inMs: number, message: string) =>
      ApplicationFailure.create({
        type: 'NextLook',
        message,
        category: 'BENIGN',
        nextRetryDelay: Math.max(LEAST_PAUSE_MS, inMs),
      });
    // A worker may have died between a window and what it calls for.
    if (watched.lastSeverity === 'rollback' && (await rollBackWhereDue(deps, watched))) return { kind: 'left' };
    const isSeen = watched.lastSeverity !== null && watched.silentMs >= 0 && watched.silentMs < every / 2;
    if (isSeen) throw again(every - watched.silentMs, 'seen already');

    const beat = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      const look = await lookAt(deps, watched, { trainingOf, signal: cancellationSignal() });
      const recorded = await recordLook(deps, watched, look);
      if (!recorded) return { kind: 'left' };
      const isBack = recorded.mayBeDue && (await rollBackWhereDue(deps, watched));
      await sendOut(deps, recorded.notices);
      if (isBack) return { kind: 'left' };
      if (recorded.changes.length > 0) {
        const { model, version } = watched;
        return { kind: 'changed', model, version, severity: recorded.severity, open: recorded.open, changes: recorded.changes };
      }
      throw again(every - (performance.now() - started), look.health);
    } finally {
      clearInterval(beat);
    }
  };
}
