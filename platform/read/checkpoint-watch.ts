import { markEvery, markOf } from '../../domain/checkpoint.js';
import type { OpenedCheckpoint } from '../checkpoint.js';
import type { TrailEvent } from './audit-trail.js';
import type { Link } from './trail-pages.js';

/** What `audit verify` says of the checkpoint it was given. */
export interface CheckpointReport {
  readonly seq: number;
  readonly head: string;
  readonly by: string;
  /** Database time at which it was signed. */
  readonly issued: string;
  /** The thumbprint of the key that signed it. */
  readonly kid: string;
  /** Whether the trail has that key as the signer's, another one, or none. */
  readonly key: 'enrolled' | 'another' | 'none';
  /** The number of the event that records it; null when none does. */
  readonly recordedAs: number | null;
}

/** Holds the trail against a kept checkpoint as its events are read, in their order. */
export interface CheckpointWatch {
  /** Where rows whose chain holds go another way than the trail that was signed for; `last` is where both still agree. */
  follow(rows: readonly Link[]): { readonly last: Link; readonly seq: number; readonly why: string } | undefined;
  /** Looks for the signer's key and for the checkpoint itself. */
  take(events: readonly TrailEvent[]): void;
  /** What is missing of the trail that was signed for, when it ends with this event. */
  endsAt(last: Link): { readonly seq: number; readonly why: string } | undefined;
  report(): CheckpointReport;
}

/** Starts before the first event. */
export function watchFor(kept: OpenedCheckpoint, start: Link): CheckpointWatch {
  const { seq: until, head, marks, key, signed } = kept;
  const every = markEvery(until);
  const by = String(signed.payload['person']);
  const keys = new Set<unknown>();
  let agreed = start;
  let recordedAs: number | null = null;

  const differs = ({ seq, hash }: Link): boolean =>
    (seq === until && hash !== head) || (seq <= until && seq % every === 0 && markOf(hash) !== marks[seq / every - 1]);

  return {
    follow(rows) {
      for (const row of rows) {
        const { seq, hash } = row;
        if (differs(row)) {
          const why = `${spanOf(agreed.seq + 1, seq)} not what ${by} signed for up to event ${until}`;
          return { last: agreed, seq: agreed.seq + 1, why };
        }
        if (seq % every === 0 || seq === until) agreed = { seq, hash };
      }
      return undefined;
    },
    take(events) {
      for (const { seq, action, subject, detail } of events) {
        if (subject === `person/${by}` && detail['publicKey'] !== undefined)
          keys.add((detail['publicKey'] as { readonly x?: unknown } | null)?.x);
        if (action === 'audit.checkpointed' && seq > until && detail['envelope'] === signed.hash) recordedAs = seq;
      }
    },
    endsAt({ seq }) {
      if (seq > until || (seq === until && recordedAs !== null)) return undefined;
      const next = seq === until ? 'the checkpoint was recorded after it' : `the checkpoint is of event ${until}`;
      return { seq: seq + 1, why: `event ${seq + 1} is missing: ${next}` };
    },
    report() {
      const enrolled = keys.has(key.x) ? 'enrolled' : keys.size > 0 ? 'another' : 'none';
      const issued = String(signed.payload['issued']);
      return { seq: until, head, by, issued, kid: signed.kid, key: enrolled, recordedAs };
    },
  };
}

function spanOf(from: number, to: number): string {
  return from === to ? `event ${to} is` : `an event from ${from} to ${to} is`;
}
