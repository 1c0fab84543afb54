import type { Attempt, Recheck } from './attempt.js';
import { checksOpen, isAskedFor } from './attempt.js';
import { foldBreakGlass, signedFor, skipping, type BreakGlass, type Wait } from './break-glass.js';
import { CHECKS, passes, RECHECKS, type CheckName } from './checks.js';
import { stepsOpen } from './follow-ups.js';
import { holdsOf, isFrozen } from './freeze.js';
import { foldGates } from './gates.js';
import { openPause } from './pause.js';
import type { Stage } from './progress.js';
import { roundDue, type NewRound } from './rounds.js';
import { maximumEndsAt, minimumEndsAt, soakIsOver } from './soak.js';

/** What an attempt needs next; `enter` is a change of stage and `open-round` one of the round, the rest is for the run to do or wait for. */
export type Next =
  | { readonly kind: 'enter'; readonly to: 'staging' | 'rejected' | 'expired'; readonly reason: string }
  | ({ readonly kind: 'open-round' } & NewRound)
  | { readonly kind: 'check'; readonly checks: readonly CheckName[] }
  | { readonly kind: 'recheck'; readonly checks: readonly CheckName[] }
  | { readonly kind: 'change' }
  | { readonly kind: 'follow-up'; readonly steps: readonly string[] }
  /** `until` in epoch milliseconds; null waits for a message alone. `probe`: staging health is looked at meanwhile. */
  | { readonly kind: 'wait'; readonly until: number | null; readonly probe: boolean }
  | { readonly kind: 'ended'; readonly outcome: Stage };

/** How old a re-check may be at the production change (design §3). */
export const RECHECK_FRESH_MS = 10 * 60_000;
/** How long a failed re-check rests before it is tried again by itself (rules §1). */
export const RECHECK_AGAIN_MS = 60 * 60_000;

/** The one decision about what an attempt needs next (rules §1). */
export function nextOf(attempt: Attempt): Next {
  switch (attempt.state) {
    case 'validating':
      return afterChecks(attempt);
    case 'staging':
      return inStaging(attempt);
    case 'production': {
      const steps = followUpsOf(attempt);
      return steps.length > 0 ? { kind: 'follow-up', steps } : { kind: 'wait', until: null, probe: false };
    }
    case 'archived': {
      // It left production before everything that followed its own change was done.
      const steps = followUpsOf(attempt);
      return steps.length > 0 ? { kind: 'follow-up', steps } : { kind: 'ended', outcome: 'archived' };
    }
    default:
      return { kind: 'ended', outcome: attempt.state };
  }
}

function followUpsOf({ change }: Attempt): readonly string[] {
  return change ? stepsOpen({ followUps: change.followUps, done: change.followUpsDone }) : [];
}

function afterChecks(attempt: Attempt): Next {
  const checks = checksOpen(attempt, CHECKS);
  if (checks.length > 0) return { kind: 'check', checks };
  const failing = attempt.findings.filter((finding) => !passes(finding));
  if (failing.length === 0) return { kind: 'enter', to: 'staging', reason: 'all checks passed' };
  const named = failing.map(({ check, verdict, reason }) => `${check} ${verdict === 'fail' ? 'failed' : verdict}: ${reason}`);
  return { kind: 'enter', to: 'rejected', reason: named.join('; ') };
}

function inStaging(attempt: Attempt): Next {
  const { now, policy, soak } = attempt;
  const ahead = aheadOfSoak(attempt);
  if (ahead) return ahead;
  if (!soak) throw new RangeError('a version in staging has a soak');
  // Both ends move on with the time; whoever resumes says so.
  if (openPause(soak.pauses)) return { kind: 'wait', until: null, probe: true };
  const expiry = maximumEndsAt(soak, now, policy);
  // Ready wins over expired; it goes when the freeze ends: a window by the clock, a switch when whoever lifts it says so.
  if (isHeld(attempt)) return { kind: 'wait', until: heldBackBy(attempt).until, probe: true };
  if (isReady(attempt)) {
    const rest = recheckRest(attempt);
    if (rest === 'fresh') return { kind: 'change' };
    if (rest === 'due') return { kind: 'recheck', checks: RECHECKS };
    if (now < expiry) return { kind: 'wait', until: Math.min(rest.until, expiry), probe: true };
  }
  if (now >= expiry)
    return { kind: 'enter', to: 'expired', reason: `the soak maximum is over, missing: ${missing(attempt).join(', ')}` };
  const minimum = minimumEndsAt(soak, now, policy);
  // A minimum that would be over by now lacks only a look, which comes by itself within one interval.
  const soakEnd = soakIsOver(soak, policy) ? expiry : minimum > now ? minimum : now + policy.watch.every;
  return { kind: 'wait', until: Math.min(soakEnd, expiry), probe: true };
}

/** What comes before any waiting in staging: what ends the attempt, what opens a new round, and the checks of a round that was opened. */
function aheadOfSoak(attempt: Attempt): Next | undefined {
  const rejected = foldGates(attempt).find(({ state }) => state === 'rejected');
  if (rejected)
    return { kind: 'enter', to: 'rejected', reason: `gate ${rejected.gate} rejected by ${rejected.last?.person ?? 'unknown'}` };
  const round = roundDue(attempt);
  if (round) return { kind: 'open-round', ...round };
  if (attempt.critical !== null) return { kind: 'enter', to: 'rejected', reason: `critical in staging: ${attempt.critical}` };
  const checked = afterChecks(attempt);
  return checked.kind === 'enter' && checked.to === 'staging' ? undefined : checked;
}

/** What an attempt waits for whose request no longer stands. */
export const A_REQUEST = 'a request by somebody who has the right (gatehouse promote)';

/** Whether soak and gates are all there, so that only the re-checks stand before production. */
export function isReady(attempt: Attempt): boolean {
  return missingBeforeRecheck(attempt).length === 0;
}

/** Whether a freeze or hold is all that holds an attempt back now. */
export function isHeld(attempt: Attempt): boolean {
  return isReady(attempt) && heldBackBy(attempt).texts.length > 0;
}

/** What holds an attempt back now, ready or not, and until when where that is known. */
export function heldBackBy(attempt: Attempt): ReturnType<typeof holdsOf> {
  return holdsOf(attempt, skipping(attempt, 'freeze') !== undefined);
}

function missingBeforeRecheck(attempt: Attempt): string[] {
  const open = foldGates(attempt).filter(({ state }) => state !== 'approved');
  const soak = isSoaked(attempt) ? [] : [signedFor(attempt, 'soak') ? 'a healthy look at staging (break-glass)' : 'soak minimum'];
  const pause = openPause(attempt.soak?.pauses ?? []);
  const paused = pause ? [`resume (paused by ${pause.by}: ${pause.reason})`] : [];
  const checks = checksOpen(attempt, CHECKS).map((check) => `check ${check}`);
  const asked = isAskedFor(attempt) ? [] : [A_REQUEST];
  const monitored = attempt.monitoring === '' ? [] : [`drift monitoring (${attempt.monitoring})`];
  return [...checks, ...soak, ...paused, ...open.map(({ gate }) => `gate ${gate}`), ...asked, ...monitored];
}

function isSoaked(attempt: Attempt): boolean {
  const { soak, policy } = attempt;
  return soak !== null && (soakIsOver(soak, policy) || skipping(attempt, 'soak') !== undefined);
}

/** The break-glasses that a change now would stand on: those that skip a wait which is not over. */
export function glassInUse(attempt: Attempt): BreakGlass[] {
  const { soak, policy } = attempt;
  const waits: Wait[] = [
    ...(soak && !soakIsOver(soak, policy) ? ['soak' as const] : []),
    ...(isFrozen(attempt) ? ['freeze' as const] : []),
  ];
  const skips = waits.map((wait) => skipping(attempt, wait)?.skip);
  return foldBreakGlass(attempt).broken.filter(({ skip }) => skips.includes(skip));
}

/** What an attempt in staging still misses, in words; empty when nothing. */
export function missing(attempt: Attempt): string[] {
  const before = missingBeforeRecheck(attempt);
  const frozen = heldBackBy(attempt).texts;
  if (before.length > 0 || frozen.length > 0) return [...before, ...frozen];
  return latestRechecks(attempt)
    .filter((recheck) => !passes(recheck.finding))
    .map(({ finding }) => `re-check ${finding.check} ${finding.verdict}: ${finding.reason}`);
}

/** Whether the re-checks allow the change now, are due, or rest after a failure until a time. */
function recheckRest(attempt: Attempt): 'fresh' | 'due' | { until: number } {
  const rechecks = latestRechecks(attempt);
  const isOfToday = (recheck: Recheck) => recheck.against === attempt.production;
  const since = readySince(attempt);
  const isFresh = ({ at, against }: Recheck) =>
    against === attempt.production && at >= since && attempt.now - at <= RECHECK_FRESH_MS;
  if (rechecks.length === RECHECKS.length && rechecks.every((each) => passes(each.finding) && isFresh(each))) return 'fresh';
  const resting = rechecks.filter(
    (each) =>
      !passes(each.finding) &&
      isOfToday(each) &&
      attempt.now < each.at + RECHECK_AGAIN_MS &&
      (attempt.askedAt === null || each.at >= attempt.askedAt),
  );
  if (resting.length === 0) return 'due';
  return { until: Math.min(...resting.map((each) => each.at + RECHECK_AGAIN_MS)) };
}

/**
 * The moment from which soak and gates have all been there: the re-checks answer for "that moment" (rules §1), so an older one
 * says nothing.
 */
function readySince(attempt: Attempt): number {
  const { soak, now, policy, askedAt } = attempt;
  const approvedAt = foldGates(attempt).flatMap(({ approvals }) => approvals.map(({ at }) => at));
  // After the minimum an unhealthy look moves no end: what counts is when it was earned.
  const isOver = soak?.last?.verdict === 'healthy' && soakIsOver(soak, policy);
  const soakedAt = isOver ? minimumEndsAt(soak, now, policy) : 0;
  const brokenAt = glassInUse(attempt).map(({ by: [, second] }) => second.at);
  return Math.max(soakedAt, askedAt ?? 0, ...approvedAt, ...brokenAt);
}

function latestRechecks(attempt: Attempt): Recheck[] {
  return RECHECKS.flatMap((check) => attempt.rechecks.filter(({ finding }) => finding.check === check).slice(-1));
}

/** The ids of the re-checks a production change stands on. */
export function recheckIds(attempt: Attempt): number[] {
  return latestRechecks(attempt).map(({ id }) => id);
}
