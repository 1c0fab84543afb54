import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import { scan } from './scan.js';

interface Row {
  readonly envelope: string;
  readonly promotion_id: string;
  readonly round: number;
  readonly skip: string;
  readonly person: string;
  readonly reason: string;
  readonly completes: string | null;
  readonly on_time: boolean | null;
}

const BREAK_GLASS = `
  SELECT b.envelope, b.promotion_id, b.round, b.skip, b.person, b.reason, b.completes, b.at = e.received_at AS on_time
    FROM break_glass b LEFT JOIN envelope e ON e.hash = b.envelope ORDER BY b.seq`;

/** Compares the signatures that skip a wait with the events of who proposed and who completed it, in their order. */
export function breakGlassBacking(db: Db): Backing {
  const told = new Map<string, TrailEvent>();
  return {
    take(events) {
      for (const event of events) {
        if (event.action === 'break-glass.proposed' || event.action === 'break-glass.completed')
          told.set(textOf(event.detail['envelope']), event);
      }
      return Promise.resolve([]);
    },
    async finish() {
      const faults: string[] = [];
      const last = new Map<string, number>();
      for await (const rows of scan<Row>(db, BREAK_GLASS)) {
        for (const row of rows) {
          const event = told.get(row.envelope);
          told.delete(row.envelope);
          const isInOrder = event !== undefined && event.seq > (last.get(row.promotion_id) ?? 0);
          if (event) last.set(row.promotion_id, event.seq);
          const fault = event
            ? (faultOf(row, event) ?? (isInOrder ? undefined : 'not in the order of the trail'))
            : 'on no event';
          if (fault !== undefined) faults.push(`break-glass of ${row.promotion_id} by act ${row.envelope}: ${fault}`);
        }
      }
      return [...faults, ...[...told.values()].map(({ seq }) => `the break-glass of event ${seq} is not on the record`)];
    },
  };
}

function faultOf(row: Row, { action, actor, subject, detail, seq }: TrailEvent): string | undefined {
  const completes = action === 'break-glass.completed' ? (detail['completes'] ?? '') : null;
  const { round, skip, reason } = detail;
  const says = { promotion_id: subject, round, skip, person: actor, reason, completes, on_time: true };
  const fault = differing({ ...row }, says);
  return fault === undefined ? undefined : `not what event ${seq} says: ${fault}`;
}
