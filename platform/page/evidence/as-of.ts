import type { Attempt } from '../../../domain/attempt.js';
import type { EvidenceRecord } from '../../read/evidence.js';

/** Whether time alone still changes something about an attempt. */
export function isOpen({ state }: Pick<Attempt, 'state'>): boolean {
  return state === 'registered' || state === 'validating' || state === 'staging';
}

/**
 * The moment of which a page is a picture, as ISO text: while an attempt is open that of the reading, and later that of its end,
 * so that the page of an attempt which is over is the same whenever it is written.
 */
export function asOf({ attempt, endedAt, promoted }: EvidenceRecord): string {
  const ended = isOpen(attempt) ? null : (endedAt ?? promoted?.at ?? null);
  return ended ?? new Date(attempt.now).toISOString();
}
