import type { Policy } from './policy.js';

/** What one look at a soaking version found. */
export type Health = 'healthy' | 'warning' | 'critical' | 'unknown';

/** A stretch of time with one verdict; instants in epoch milliseconds. */
export interface HealthWindow {
  readonly from: number;
  readonly to: number;
  readonly verdict: Health;
}

/** What is known of a soak: when it began, what is earned, and what was seen last. */
export interface Soak {
  readonly startedAt: number;
  readonly earnedMs: number;
  readonly last: (HealthWindow & { readonly reason: string }) | null;
}

/** A look speaks for at most this many poll intervals before it; what lies further back is unknown. */
const POLLS_COVERED = 3;

type SoakPolicy = Pick<Policy, 'soak' | 'watch'>;

/** The stretch a look at `now` speaks for: from the end of the one before, but not further back than it can vouch for. */
export function stretchOf(soak: Soak, now: number, policy: SoakPolicy): { from: number; to: number } {
  const reach = now - POLLS_COVERED * policy.watch.every;
  return { from: Math.min(now, Math.max(soak.last?.to ?? soak.startedAt, reach)), to: now };
}

/** What is earned after one more window. Rules §1: only healthy time counts; a warning `ignores | pauses | resets`. */
export function earnedAfter(earnedMs: number, window: HealthWindow, policy: SoakPolicy): number {
  const lengthMs = window.to - window.from;
  if (window.verdict === 'healthy') return earnedMs + lengthMs;
  if (window.verdict !== 'warning') return earnedMs;
  switch (policy.soak.warning) {
    case 'ignores':
      return earnedMs + lengthMs;
    case 'pauses':
      return earnedMs;
    case 'resets':
      return 0;
  }
}

/** Whether the minimum is over. Rules §1: exactly the minimum is enough. */
export function soakIsOver(soak: Soak, policy: SoakPolicy): boolean {
  return soak.earnedMs >= policy.soak.min;
}

/** When the minimum ends if every moment from now on is healthy; already past when it is over. */
export function minimumEndsAt(soak: Soak, now: number, policy: SoakPolicy): number {
  const { from } = stretchOf(soak, now, policy);
  const counted = soakIsOver(soak, policy) ? (soak.last?.to ?? now) : from;
  return counted + (policy.soak.min - soak.earnedMs);
}

/** When the attempt expires unless everything is there: the maximum, counted from entering staging. */
export function maximumEndsAt(startedAt: number, policy: SoakPolicy): number {
  return startedAt + policy.soak.max;
}

/** Whether the minimum stands still at the moment: the last look was not healthy, or there has been none for too long. */
export function soakStands(soak: Soak, now: number, policy: SoakPolicy): boolean {
  if (!soak.last) return false;
  const counts = soak.last.verdict === 'healthy' || (soak.last.verdict === 'warning' && policy.soak.warning === 'ignores');
  return !counts || now - soak.last.to > POLLS_COVERED * policy.watch.every;
}
