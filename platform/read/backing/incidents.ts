import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, type Backing } from './backing.js';
import { scan } from './scan.js';
import { isTimeOf } from './times.js';

interface Row {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly change_key: string;
  readonly condition: string;
  readonly change: string;
  readonly severity: string;
  readonly what: string;
  readonly at: string;
}

const INCIDENTS = `
  SELECT i.id, m.name AS model, i.version, i.change_key, i.condition, i.change, i.severity, i.what, i.at
    FROM incident i JOIN model_registry m ON m.id = i.model_id ORDER BY i.seq`;

const CHANGES: Readonly<Record<string, string>> = {
  'incident.opened': 'opened',
  'incident.rose': 'rose',
  'incident.closed': 'closed',
};

/** Compares how incidents opened, rose and closed with their events. */
export function incidentsBacking(db: Db): Backing {
  const told = new Map<string, TrailEvent>();
  return {
    take(events) {
      return Promise.resolve(
        events.flatMap((event) => {
          const change = CHANGES[event.action];
          if (change === undefined) return [];
          const key = keyOf(event.subject, change, event.detail['severity']);
          const again = told.has(key) ? [`event ${event.seq} says a second time that incident ${event.subject} ${change}`] : [];
          told.set(key, event);
          return again;
        }),
      );
    },
    async finish() {
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, INCIDENTS)) {
        for (const row of rows) {
          const key = keyOf(row.id, row.change, row.severity);
          const event = told.get(key);
          told.delete(key);
          const fault = event ? faultOf(row, event) : 'on no event';
          if (fault !== undefined) faults.push(`incident ${row.id}, which ${row.change}: ${fault}`);
        }
      }
      return [...faults, ...[...told.values()].map(({ seq }) => `the incident of event ${seq} is not on the record`)];
    },
  };
}

function keyOf(id: string, change: string, severity: unknown): string {
  return [id, change, change === 'closed' ? '' : severity].join(' ');
}

function faultOf(row: Row, { seq, at, detail }: TrailEvent): string | undefined {
  const { model, version, change, condition, severity, what } = detail;
  const fault = differing({ ...row }, { model, version, change_key: change, condition, severity, what });
  if (fault !== undefined) return `not what event ${seq} says: ${fault}`;
  // The row is written first.
  return isTimeOf(at, { seq, at: row.at }) ? undefined : `its time is ${row.at}, event ${seq} is of ${at}`;
}
