import type { SignedBy } from './loadable.js';

/** What tells the serving side to stop answering with a model, until a person lifts it. */
export interface Hold {
  /** The model it is for; null for all of them. */
  readonly model: string | null;
  /** ISO time at which it was signed. */
  readonly since: string;
  readonly by: string;
  readonly reason: string;
}

/**
 * The hold in force on a model among signed acts of that kind, or undefined. A hold of the model and one of all models are lifted
 * each by itself, by what was signed later; of two that were signed at one moment the one that stops counts.
 */
export function holdInForce(acts: readonly Pick<SignedBy, 'payload'>[], model: string): Hold | undefined {
  for (const scope of ['', model]) {
    const latest = acts
      .filter(({ payload }) => payload['model'] === scope)
      .toSorted((one, other) => orderOf(one) - orderOf(other))
      .at(-1)?.payload;
    if (latest?.['hold'] !== 'on') continue;
    const { issued, person, reason } = latest;
    return { model: scope === '' ? null : scope, since: String(issued), by: String(person), reason: String(reason) };
  }
  return undefined;
}

/** A millisecond is the resolution of every time that is signed. */
function orderOf({ payload }: Pick<SignedBy, 'payload'>): number {
  return Date.parse(String(payload['issued'])) + (payload['hold'] === 'on' ? 0.5 : 0);
}

/** How long after its signature a hold may be received: it is spooled for as long as the record is away. */
export const HOLD_VALID_FOR_MS = 30 * 24 * 60 * 60_000;
