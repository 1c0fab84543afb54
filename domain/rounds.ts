import type { Attempt, Fault, RoundReason } from './attempt.js';
import { foldGates, voidApprovals } from './gates.js';
import { faultText } from './void.js';

/** A round that is to be opened: why, what changed, and the evidence digest that the approvals it voids are signed over. */
export interface NewRound {
  readonly reason: RoundReason;
  readonly what: string;
  readonly evidence: string;
}

const REASONS: readonly Fault['cause'][] = ['artifact changed', 'evidence changed', 'policy changed'] satisfies RoundReason[];

/**
 * The round that an attempt in staging calls for, because what was approved is no longer what is there; undefined when none.
 * There is none where nothing is approved: nothing is taken away, and a version that stays damaged opens one round and no more.
 */
export function roundDue(attempt: Attempt): NewRound | undefined {
  return changedUnderApproval(attempt) ?? damagedUnderApproval(attempt);
}

/** A genuine approval of this round that was signed over something else than the record has now. */
function changedUnderApproval(attempt: Attempt): NewRound | undefined {
  const changed = voidApprovals(attempt).find(
    ({ decision, fault }) => decision.round === attempt.round && REASONS.includes(fault.cause),
  );
  if (!changed) return undefined;
  const { decision, fault } = changed;
  return { reason: fault.cause as RoundReason, what: fault.what, evidence: decision.evidenceDigest };
}

/** What staging health calls critical, and what fails the re-check of the artifacts, is a stored package that is not the registered one. */
function damagedUnderApproval(attempt: Attempt): NewRound | undefined {
  const { critical, rechecks } = attempt;
  const recheck = rechecks.findLast(({ finding }) => finding.check === 'artifacts');
  const what = critical ?? (recheck?.finding.verdict === 'fail' ? recheck.finding.reason : null);
  return what === null ? undefined : overApprovals(attempt, 'artifact changed', what);
}

/**
 * The round that a reset of the soak's clock calls for: `earnedMs` is what is earned after it. A reset that takes no earned time
 * away, or at which nothing is approved, opens none: of a stretch of warnings only the first takes something.
 */
export function roundOfReset(attempt: Attempt, { earnedMs, why }: { earnedMs: number; why: string }): NewRound | undefined {
  const before = attempt.soak?.earnedMs ?? 0;
  if (attempt.policy.soak.warning !== 'resets' || earnedMs >= before) return undefined;
  return overApprovals(attempt, 'soak restarted', `${Math.floor(before / 1000)} s of it were earned; ${why}`);
}

function overApprovals(attempt: Attempt, reason: RoundReason, what: string): NewRound | undefined {
  const isApproved = foldGates(attempt).some(({ approvals }) => approvals.length > 0);
  return isApproved ? { reason, what, evidence: attempt.evidenceDigest ?? '' } : undefined;
}

/** The new round in words. */
export function roundText({ reason, what }: Pick<NewRound, 'reason' | 'what'>): string {
  return faultText({ cause: reason, what });
}
