import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, type Backing } from './backing.js';
import { scan } from './scan.js';
import { isTimeOf } from './times.js';

interface Row {
  readonly promotion_id: string;
  readonly round: number;
  readonly reason: string;
  readonly what: string;
  readonly at: string;
}

const ROUNDS = 'SELECT promotion_id, round, reason, what, at FROM round_opened ORDER BY promotion_id, round';

/** Compares the rounds that the record opened with their events, one for one; that each attempt is in the last of them is compared with it. */
export function roundsBacking(db: Db): Backing {
  const told = new Map<string, TrailEvent>();
  return {
    take(events) {
      for (const event of events)
        if (event.action === 'round.opened') told.set(`round ${Number(event.detail['to'])} of ${event.subject}`, event);
      return Promise.resolve([]);
    },
    async finish() {
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, ROUNDS)) {
        for (const row of rows) {
          const name = `round ${row.round} of ${row.promotion_id}`;
          const event = told.get(name);
          told.delete(name);
          const fault = event ? faultOf(row, event) : 'is on no event';
          if (fault !== undefined) faults.push(`${name} ${fault}`);
        }
      }
      return [...faults, ...[...told].map(([name, { seq }]) => `${name} is on event ${seq} and not on the record`)];
    },
  };
}

function faultOf(row: Row, event: TrailEvent): string | undefined {
  const fault = differing({ ...row }, { reason: event.detail['reason'], what: event.detail['what'] });
  if (fault === undefined && isTimeOf(row.at, event)) return undefined;
  return `is not what event ${event.seq} says: ${fault ?? `its time is ${row.at}`}`;
}
