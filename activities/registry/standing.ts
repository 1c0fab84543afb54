import type { CheckName } from '../../domain/checks.js';
import type { Next } from '../../domain/lifecycle.js';
import type { Progress, Stage } from '../../domain/progress.js';
import { progressOf } from '../../domain/view.js';
import { inTransaction } from '../../platform/pool.js';
import type { Deps } from './deps.js';
import { settle, type Settled } from './settle.js';

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
export function createStanding({ pool }: Pick<Deps, 'pool'>) {
  return async function standing(input: { promotionId: string }): Promise<Standing> {
    return standingOf(await inTransaction(pool, (tx) => settle(tx, input.promotionId)));
  };
}

/** A settled attempt as its run sees it. */
export function standingOf({ attempt, next }: Settled): Standing {
  return { ...forRun(next, attempt.now), progress: progressOf(attempt) };
}

function forRun(next: Exclude<Next, { kind: 'enter' }>, now: number) {
  if (next.kind !== 'wait') return next;
  const waitMs = next.until === null ? null : Math.max(LEAST_WAIT_MS, next.until - now);
  return { kind: next.kind, probe: next.probe, waitMs };
}
