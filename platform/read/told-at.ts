import type { Db } from '../pool.js';
import type { Refusal } from '../../domain/refusal.js';
import type { TrailEvent } from './audit-trail.js';
import { fold } from './backing/fold.js';
import { nothingTold, type Told, type ToldActs } from './backing/told.js';
import { trailPages } from './trail-pages.js';

/** A moment of the past: an instant in epoch milliseconds, or the number of an event, right after which it is. */
export type Past = { readonly instant: number } | { readonly event: number };

/** What the events up to a moment add up to. */
export interface ToldAt {
  readonly told: Told & { readonly acts: ToldActs };
  /** The last event that counts. */
  readonly upTo: Pick<TrailEvent, 'seq' | 'at' | 'hash'>;
}

/**
 * Folds the trail as far as a moment, the chain verified up to there; a refusal when it does not hold that far, the moment
 * lies before the first event, or it names an event that is not there yet.
 */
export async function toldAt(db: Db, past: Past): Promise<ToldAt | { readonly refusal: Refusal }> {
  const acts = {
    people: new Map(),
    decisions: new Map(),
    rounds: new Map(),
    soaks: new Map(),
    passed: new Set<string>(),
    freezes: new Map(),
    glass: new Map(),
    reviews: [],
    quarantines: new Map(),
    incidents: new Map(),
  };
  const told = { ...nothingTold(), acts };
  const isLater = ({ seq, at }: TrailEvent) => ('event' in past ? seq > past.event : Date.parse(at) > past.instant);
  let upTo: TrailEvent | undefined;
  let later: TrailEvent | undefined;
  for await (const { events, broken } of trailPages(db)) {
    for (const event of events) {
      if (isLater(event)) {
        later = event;
        break;
      }
      fold(told, event);
      upTo = event;
    }
    if (later) break;
    // Whoever names an event needs nothing behind it; when the next one was, a broken trail does not tell.
    if ('event' in past && upTo?.seq === past.event) break;
    if (broken) return { refusal: brokenAt(broken) };
  }
  if ('event' in past && upTo?.seq !== past.event) return { refusal: noSuchEvent(past.event, upTo?.seq ?? 0) };
  if (!upTo) return { refusal: tooEarly(later) };
  return { told, upTo: { seq: upTo.seq, at: upTo.at, hash: upTo.hash } };
}

function brokenAt({ seq, why }: { readonly seq: number; readonly why: string }): Refusal {
  const what = `the audit trail is broken at event ${seq}, so it says nothing of later moments: ${why}`;
  return { kind: 'rule', what, next: 'gatehouse audit verify' };
}

function noSuchEvent(given: number, last: number): Refusal {
  const allowed = last === 0 ? 'the audit trail has no events yet' : `#1 to #${last}`;
  return { kind: 'usage', what: '--at names an event that is not on the trail', given: `#${given}`, allowed };
}

function tooEarly(first: TrailEvent | undefined): Refusal {
  if (!first) return { kind: 'usage', what: '--at', allowed: 'the audit trail has no events yet' };
  const what = '--at is before the first event of the audit trail';
  return { kind: 'usage', what, allowed: `from ${first.at}, event #${first.seq}` };
}
