import type { CheckName } from '../../domain/checks.js';
import type { Attempt } from '../../domain/attempt.js';
import { nextNoticeAt } from '../../domain/reminders.js';
import type { Progress, Stage } from '../../domain/progress.js';
import { progressOf } from '../../domain/view.js';
import type { Deps } from './deps.js';
import { settled, type Settled } from './settle.js';

/** What a run does next; the one answer it acts on. */
export type Standing = { readonly progress: Progress } & (
  | { readonly kind: 'check' | 'recheck'; readonly checks: readonly CheckName[] }
  | { readonly kind: 'change' }
  | { readonly kind: 'follow-up'; readonly steps: readonly string[] }
  /** Milliseconds until something may be due; null waits for a message. */
  | { readonly kind: 'wait'; readonly waitMs: number | null; readonly probe: boolean }
  | { readonly kind: 'ended'; readonly outcome: Stage }
);

/** A run never waits less than this, so that a rule and a clock that disagree cost little (design §5). */
const LEAST_WAIT_MS = 1_000;

/** Makes the changes of stage that are due and answers the run's one question: what now? */
export function createStanding(deps: Pick<Deps, 'pool' | 'runs' | 'log'>) {
  return async function standing(input: { promotionId: string }): Promise<Standing> {
    return standingOf(await settled(deps, input.promotionId));
  };
}

/** A settled attempt as its run sees it. */
export function standingOf({ attempt, next }: Settled): Standing {
  return { ...forRun(next, attempt), progress: progressOf(attempt) };
}

function forRun(next: Settled['next'], attempt: Attempt) {
  if (next.kind !== 'wait') return next;
  const until = Math.min(next.until ?? Infinity, nextNoticeAt(attempt) ?? Infinity);
  const waitMs = until === Infinity ? null : Math.max(LEAST_WAIT_MS, until - attempt.now);
  return { kind: next.kind, probe: next.probe, waitMs };
}
