import { openWindow, windowText, type FreezeWindow } from './freeze-window.js';
import type { Policy } from './policy.js';

/** What holds promotions back until somebody lifts it; rollbacks never (rules §1). `since` in epoch milliseconds. */
export interface Freeze {
  /** The model it is for; null for all of them. */
  readonly model: string | null;
  readonly since: number;
  readonly by: string;
  readonly reason: string;
  /** Set for a hold, which stops the serving side as well. */
  readonly kind?: 'hold';
}

interface Frozen {
  readonly freezes: readonly Freeze[];
  readonly policy: Pick<Policy, 'freeze'>;
  readonly now: number;
}

/** A freeze or hold in words, as what an attempt waits for. */
export function freezeText({ model, by, reason, kind }: Freeze): string {
  return `the end of the ${kind ?? 'freeze'} of ${model ?? 'all models'} (by ${by}: ${reason})`;
}

/**
 * What holds promotions of a model back at `now`: switches that somebody lifts, and the window of its policy. A break-glass that
 * skips the freeze skips all but a hold: what must not be served is not promoted either.
 */
export function holdsOf(
  { freezes, policy, now }: Frozen,
  isSkipped: boolean,
): { readonly texts: readonly string[]; readonly until: number | null } {
  const open = isSkipped ? undefined : openWindow(policy.freeze, now);
  const window = open && windowEndText(open.window, policy.freeze.zone, open.until);
  const switches = freezes.filter(({ kind }) => !isSkipped || kind === 'hold');
  const texts = [...switches.map(freezeText), ...(window === undefined ? [] : [window])];
  // Nobody knows when a switch is lifted.
  return { texts, until: switches.length > 0 || !open ? null : open.until };
}

/** Whether a freeze, which a break-glass can skip, holds promotions back. */
export function isFrozen({ freezes, policy, now }: Frozen): boolean {
  return freezes.some(({ kind }) => kind !== 'hold') || openWindow(policy.freeze, now) !== undefined;
}

function windowEndText(window: FreezeWindow, zone: string, until: number): string {
  return `the end of the freeze window ${windowText(window, zone)} at ${new Date(until).toISOString()}`;
}
