import { canonicalJson, type JsonValue } from '../../../domain/canonical.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { textOf, type Backing } from './backing.js';
import { scan } from './scan.js';
import type { Jumps } from './times.js';

interface Row {
  readonly change_key: string;
  readonly step: string;
  readonly outcome: string;
  readonly detail: string;
  readonly at: string;
  readonly from_version: string | null;
}

const FOLLOW_UPS = `
  SELECT f.change_key, f.step, f.outcome, f.detail, f.at, c.from_version
    FROM follow_up f LEFT JOIN production_change c ON c.key = f.change_key
   ORDER BY f.change_key, f.step`;

/** The events of steps that were taken, and which step each speaks of. */
const STEP_OF: Readonly<Record<string, string>> = { 'serving.pointed': 'serving', 'previous.archived': 'archive-previous' };

/** The event of every other step says which it is and what it came to. */
const OTHERS = 'change.followed-up';

/** Compares what followed each production change with its event; there is nothing to archive before the first one. */
export function followUpsBacking(db: Db, jumps: Jumps): Backing {
  const told = new Map<string, Pick<TrailEvent, 'seq' | 'at' | 'detail'>>();
  return {
    take(events) {
      for (const { action, seq, at, subject, detail } of events)
        if (Object.hasOwn(STEP_OF, action) || action === OTHERS)
          told.set(`${STEP_OF[action] ?? textOf(detail['step'])} ${subject}`, { seq, at, detail });
      return Promise.resolve([]);
    },
    async finish() {
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, FOLLOW_UPS)) {
        for (const row of rows) {
          // By the promotion, or by the change itself where somebody made it by hand.
          const step = `${row.step} ${row.change_key.replace(/^promotion\//, '')}`;
          const event = told.get(step);
          told.delete(step);
          const label = `follow-up ${row.step} of ${row.change_key}`;
          if (!event && (row.step !== 'archive-previous' || row.from_version !== null)) faults.push(`${label} is on no event`);
          if (event && !isSame(row, event, jumps)) faults.push(`${label} is not what event ${event.seq} says`);
        }
      }
      return [...faults, ...[...told.values()].map(({ seq }) => `the follow-up of event ${seq} is not on the record`)];
    },
  };
}

function isSame(row: Row, event: Pick<TrailEvent, 'seq' | 'at' | 'detail'>, jumps: Jumps): boolean {
  const { artifacts, outcome: said = row.step === 'serving' || artifacts === 'match' ? 'done' : 'failed' } = event.detail;
  return row.outcome === said && jumps.isShortlyBefore(row.at, event) && canonicalOf(row.detail) === canonicalJson(event.detail);
}

function canonicalOf(text: string): string | undefined {
  try {
    return canonicalJson(JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}
