import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import { scan } from './scan.js';

interface Row {
  readonly kind: string;
  readonly model: string | null;
  readonly is_on: boolean;
  readonly reason: string;
  readonly person: string;
  readonly envelope: string;
  readonly on_time: boolean | null;
}

const SWITCHES = `
  SELECT s.kind, m.name AS model, s.is_on, s.reason, s.person, s.envelope, s.at = e.received_at AS on_time
    FROM switch s LEFT JOIN model_registry m ON m.id = s.model_id LEFT JOIN envelope e ON e.hash = s.envelope ORDER BY s.seq`;

const EVENT = /^(freeze|hold)\.(begun|lifted)$/;

/** Compares what holds promotions or serving back with the events of who began it and who lifted it, in their order. */
export function switchesBacking(db: Db): Backing {
  const told = new Map<string, TrailEvent>();
  return {
    take(events) {
      for (const event of events) {
        if (EVENT.test(event.action)) told.set(textOf(event.detail['envelope']), event);
      }
      return Promise.resolve([]);
    },
    async finish() {
      const faults: string[] = [];
      let last = 0;
      for await (const rows of scan<Row>(db, SWITCHES)) {
        for (const row of rows) {
          const event = told.get(row.envelope);
          told.delete(row.envelope);
          const fault = event
            ? (faultOf(row, event) ?? (last < event.seq ? undefined : 'not in the order of the trail'))
            : 'on no event';
          last = event?.seq ?? last;
          if (fault !== undefined) faults.push(`${row.kind} by act ${row.envelope}: ${fault}`);
        }
      }
      const missing = [...told.values()].map(({ seq, action }) => `the ${kindOf(action)} of event ${seq} is not on the record`);
      return [...faults, ...missing];
    },
  };
}

function faultOf({ on_time: isOnTime, ...row }: Row, { action, actor: person, detail, seq }: TrailEvent): string | undefined {
  const model = detail['model'] === null ? null : textOf(detail['model']);
  const says = { kind: kindOf(action), model, is_on: action.endsWith('.begun'), person, reason: textOf(detail['reason']) };
  const fault = differing({ ...row }, says);
  if (fault === undefined && isOnTime === true) return undefined;
  return `not what event ${seq} says: ${fault ?? 'its time is another one'}`;
}

function kindOf(action: string): string {
  return EVENT.exec(action)?.[1] ?? '';
}
