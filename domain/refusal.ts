/** Exit codes of the command line, which are also the kinds of refusal (design §7). */
export const CODES = { usage: 2, rule: 3, identity: 4, conflict: 5, away: 6 } as const;
export type RefusalKind = keyof typeof CODES;

/** Why something asked for does not happen: what it is about, what was given, what is allowed, what to do next. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly what: string;
  readonly given?: string;
  readonly allowed?: string;
  readonly next?: string;
}

/** The one line in which a refusal is shown: `code: what, given, allowed, next step`. */
export function refusalLine(refusal: Refusal): string {
  const { kind, what, given, allowed, next } = refusal;
  const parts = [what, given && `given: ${given}`, allowed && `allowed: ${allowed}`, next && `next: ${next}`];
  return `${CODES[kind]}: ${parts.filter(Boolean).join('; ')}`;
}
