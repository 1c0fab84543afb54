import { openPause, pausedWithin, type Pause } from './pause.js';
import type { Policy } from './policy.js';

/** What one look at a soaking version found. */
export type Health = 'healthy' | 'warning' | 'critical' | 'unknown';

/** A stretch of time with one verdict; instants in epoch milliseconds. */
export interface HealthWindow {
  readonly from: number;
  readonly to: number;
  readonly verdict: Health;
}

/** What is known of a soak: when it began, what is earned, what was seen last, and what people did to its ends. */
export interface Soak {
  readonly startedAt: number;
  readonly earnedMs: number;
  readonly last: (HealthWindow & { readonly reason: string }) | null;
  /** Every pause of the attempt, in order; the last one may be open. */
  readonly pauses: readonly Pause[];
  /** By how much people have moved the maximum. */
  readonly extendedMs: number;
}

/** A look speaks for at most this many poll intervals before it; what lies further back is unknown. */
const POLLS_COVERED = 3;

type SoakPolicy = Pick<Policy, 'soak' | 'watch'>;

/** The stretch a look at `now` speaks for: from the end of the one before, but not further back than it can vouch for. */
export function stretchOf(soak: Soak, now: number, policy: SoakPolicy): { from: number; to: number } {
  const reach = now - POLLS_COVERED * policy.watch.every;
  return { from: Math.min(now, Math.max(soak.last?.to ?? soak.startedAt, reach)), to: now };
}

/**
 * What is earned after one more window. Rules §1: only healthy time counts, a person's pause stops the clock,
 * and a warning `ignores | pauses | resets` it.
 */
export function earnedAfter(soak: Pick<Soak, 'earnedMs' | 'pauses'>, window: HealthWindow, policy: SoakPolicy): number {
  const { earnedMs, pauses } = soak;
  const more = earnedMs + window.to - window.from - pausedWithin(pauses, window.from, window.to);
  if (window.verdict === 'healthy') return more;
  if (window.verdict !== 'warning') return earnedMs;
  switch (policy.soak.warning) {
    case 'ignores':
      return more;
    case 'pauses':
      return earnedMs;
    case 'resets':
      return 0;
  }
}

/** Whether the minimum is over. Rules §1: exactly the minimum is enough. */
export function soakIsOver(soak: Pick<Soak, 'earnedMs'>, policy: SoakPolicy): boolean {
  return soak.earnedMs >= policy.soak.min;
}

/** Whether the last look was healthy and still speaks for `now`. */
export function isHealthyNow({ last }: Pick<Soak, 'last'>, now: number, policy: SoakPolicy): boolean {
  return last?.verdict === 'healthy' && now - last.to <= POLLS_COVERED * policy.watch.every;
}

/** When the minimum ends if every moment from now on is healthy and unpaused; already past when it is over. */
export function minimumEndsAt(soak: Soak, now: number, policy: SoakPolicy): number {
  const { from } = stretchOf(soak, now, policy);
  const left = policy.soak.min - soak.earnedMs;
  if (soakIsOver(soak, policy)) return (soak.last?.to ?? now) + left;
  return from + left + pausedWithin(soak.pauses, from, now);
}

/**
 * When the attempt expires unless everything is there: the maximum, counted from entering staging, later by every extension
 * and by the time it was paused; while a pause is open it moves on with the time.
 */
export function maximumEndsAt({ startedAt, pauses, extendedMs }: Soak, now: number, policy: SoakPolicy): number {
  return startedAt + policy.soak.max + extendedMs + pausedWithin(pauses, startedAt, now);
}

/** Whether the minimum stands still at the moment: paused, the last look was not healthy, or there was none for too long. */
export function soakStands(soak: Soak, now: number, policy: SoakPolicy): boolean {
  if (openPause(soak.pauses)) return true;
  if (!soak.last) return false;
  const counts = soak.last.verdict === 'healthy' || (soak.last.verdict === 'warning' && policy.soak.warning === 'ignores');
  return !counts || now - soak.last.to > POLLS_COVERED * policy.watch.every;
}
