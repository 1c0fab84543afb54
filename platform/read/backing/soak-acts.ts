import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import { scan } from './scan.js';
import type { Jumps } from './times.js';

interface Row {
  readonly envelope: string;
  readonly promotion_id: string;
  readonly kind: string;
  readonly by_ms: number | null;
  readonly person: string;
  readonly reason: string;
  readonly at: string;
}

/** The events of what people do to a soak, and the kind of act each speaks of. */
export const KINDS: Readonly<Record<string, 'extend' | 'pause' | 'resume'>> = {
  'soak.extended': 'extend',
  'soak.paused': 'pause',
  'soak.resumed': 'resume',
};
const SOAK_ACTS = 'SELECT envelope, promotion_id, kind, by_ms, person, reason, at FROM soak_act ORDER BY seq';

/** Compares what people did to the ends of a soak with the events, in their order. */
export function soakActsBacking(db: Db, jumps: Jumps): Backing {
  const told = new Map<string, TrailEvent>();
  return {
    take(events) {
      for (const event of events) if (Object.hasOwn(KINDS, event.action)) told.set(textOf(event.detail['envelope']), event);
      return Promise.resolve([]);
    },
    async finish() {
      const faults: string[] = [];
      const last = new Map<string, number>();
      for await (const rows of scan<Row>(db, SOAK_ACTS)) {
        for (const row of rows) {
          const { envelope, promotion_id: promotion, kind } = row;
          const event = told.get(envelope);
          told.delete(envelope);
          const fault = event ? (faultOf(row, event, jumps) ?? orderFault(event, last)) : 'which no event says';
          if (fault !== undefined) faults.push(`${kind} of the soak of ${promotion} by act ${envelope}: ${fault}`);
        }
      }
      return [
        ...faults,
        ...[...told.values()].map(({ seq, subject }) => `event ${seq} on the soak of ${subject} is not on the record`),
      ];
    },
  };
}

function faultOf(row: Row, event: TrailEvent, jumps: Jumps): string | undefined {
  const { action, actor, subject, detail, seq } = event;
  const says = { promotion_id: subject, kind: KINDS[action], by_ms: detail['by_ms'], person: actor, reason: detail['reason'] };
  const fault = differing({ ...row }, says) ?? (jumps.isShortlyBefore(row.at, event) ? undefined : `its time is ${row.at}`);
  return fault === undefined ? undefined : `not what event ${seq} says: ${fault}`;
}

/** Made under the model's lock, so in one order. */
function orderFault({ seq, subject }: TrailEvent, last: Map<string, number>): string | undefined {
  const before = last.get(subject) ?? 0;
  last.set(subject, seq);
  return seq > before ? undefined : 'not in the order of the trail';
}
