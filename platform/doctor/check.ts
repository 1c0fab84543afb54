/** One thing that was looked at: what was found there, what is wanted, and how to mend it where the two differ. */
export interface Check {
  readonly id: string;
  /** Null where it could not be looked at, because what it stands on is away. */
  readonly ok: boolean | null;
  readonly found: string;
  readonly wants: string;
  /** Null where there is nothing to do. */
  readonly next: string | null;
}

/** A check with its verdict; `next` counts only where something is wrong. */
export function checked(id: string, ok: boolean, { found, wants, next }: Pick<Check, 'found' | 'wants' | 'next'>): Check {
  return { id, ok, found, wants, next: ok ? null : next };
}

/** A check that could not be made, and why. */
export function notLookedAt(id: string, wants: string, why: string): Check {
  return { id, ok: null, found: `not looked at: ${why}`, wants, next: null };
}
