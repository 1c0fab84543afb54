import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import { scan } from './scan.js';
import { isTimeOf } from './times.js';

interface Row {
  readonly version: string;
  readonly quarantined: boolean;
  readonly reason: string;
  readonly person: string | null;
  readonly envelope: string | null;
  readonly change_key: string | null;
  readonly at: string;
  readonly received_at: string | null;
}

const QUARANTINES = `
  SELECT m.name || '/' || q.version AS version, q.quarantined, q.reason, q.person, q.envelope, q.change_key, q.at, e.received_at
    FROM quarantine q JOIN model_registry m ON m.id = q.model_id LEFT JOIN envelope e ON e.hash = q.envelope ORDER BY q.seq`;

/** Compares who put versions into quarantine and let them go with the rollbacks and releases on the trail, in their order. */
export function quarantinesBacking(db: Db): Backing {
  const told = new Map<string, TrailEvent>();
  return {
    take(events) {
      for (const event of events) if (isRelease(event) || isQuarantine(event)) told.set(keyOf(event), event);
      return Promise.resolve([]);
    },
    async finish() {
      const faults: string[] = [];
      const last = new Map<string, number>();
      for await (const rows of scan<Row>(db, QUARANTINES)) {
        for (const row of rows) {
          const by = row.envelope ?? row.change_key ?? '';
          const event = told.get(by);
          told.delete(by);
          const isInOrder = (last.get(row.version) ?? 0) < (event?.seq ?? 0);
          last.set(row.version, event?.seq ?? 0);
          const fault = event
            ? (faultOf(row, event) ?? (isInOrder ? undefined : 'not in the order of the trail'))
            : 'on no event';
          if (fault !== undefined)
            faults.push(`quarantine of ${row.version} by ${row.envelope === null ? '' : 'act '}${by}: ${fault}`);
        }
      }
      return [...faults, ...[...told.values()].map(({ seq }) => `the quarantine of event ${seq} is not on the record`)];
    },
  };
}

function isRelease({ action }: TrailEvent): boolean {
  return action === 'version.released';
}

/** A rollback takes a version out of production that nobody should go back to. */
function isQuarantine({ action, detail }: TrailEvent): boolean {
  const isBack = detail['kind'] === 'rollback' || detail['kind'] === 'automatic';
  return action === 'production.changed' && isBack && typeof detail['from'] === 'string';
}

/** The signed act, or the change that nobody signed. */
function keyOf({ detail, subject }: TrailEvent): string {
  return detail['kind'] === 'automatic' ? subject : textOf(detail['envelope']);
}

function faultOf(row: Row, event: TrailEvent): string | undefined {
  const { actor, subject, detail, seq } = event;
  const person = detail['kind'] === 'automatic' ? null : actor;
  const released = isRelease(event);
  const version = released ? subject : `${textOf(detail['model'])}/${textOf(detail['from'])}`;
  const said = textOf(detail['reason']);
  const reason = released ? said : `rolled back to ${textOf(detail['to'])} by ${actor}: ${said}`;
  const fault = differing({ ...row }, { version, quarantined: !released, person, reason });
  const isThen = released ? row.at === row.received_at : isTimeOf(row.at, event);
  if (fault === undefined && isThen) return undefined;
  return `not what event ${seq} says: ${fault ?? `its time is ${row.at}`}`;
}
