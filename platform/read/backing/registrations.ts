import { openEnvelope } from '../../envelope.js';
import { sha256 } from '../../digest.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { textOf, type Backing } from './backing.js';
import { scan } from './scan.js';

/** What a row of a file that was registered has, whatever it is of. */
export interface RegisteredRow {
  readonly subject: string;
  readonly envelope: string;
  readonly file_text: string;
  /** The bytes of its act; null when the act is not on the record. */
  readonly jws: string | null;
  /** Whether it carries the time at which its act was received. */
  readonly on_time: boolean | null;
}

/** The event of a registration. */
export type Registered = Pick<TrailEvent, 'seq' | 'subject' | 'detail' | 'at'>;

interface Kind<Row> {
  readonly action: string;
  /** Selects rows in the order in which they were written. */
  readonly select: string;
  /** What of the row its event does not say, or undefined. */
  readonly fault: (row: Row, event: Registered) => string | undefined;
}

/** Compares the rows of files that were registered with their events, and their text with the digest that was signed. */
export function registrations<Row extends RegisteredRow>(db: Db, { action, select, fault }: Kind<Row>): Backing {
  const told = new Map<string, Registered>();
  return {
    take(events) {
      for (const { action: happened, seq, at, subject, detail } of events)
        if (happened === action) told.set(textOf(detail['envelope']), { seq, at, subject, detail });
      return Promise.resolve([]);
    },
    async finish() {
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, select)) {
        for (const row of rows) {
          const event = told.get(row.envelope);
          told.delete(row.envelope);
          const wrong = event && (ownFault(row, event) ?? fault(row, event));
          if (!event) faults.push(`${row.subject} of act ${row.envelope} is on no event`);
          else if (wrong !== undefined) faults.push(`${row.subject} is not what event ${event.seq} says: ${wrong}`);
        }
      }
      for (const { seq, subject } of told.values()) faults.push(`${subject} is on event ${seq} and not on the record`);
      return faults;
    },
  };
}

function ownFault({ subject, file_text: text, jws, on_time: onTime }: RegisteredRow, event: Registered): string | undefined {
  if (subject !== event.subject) return `there it is ${event.subject}`;
  const opened = openEnvelope(jws ?? '');
  if (!opened.ok || opened.envelope.payload['file'] !== sha256(text)) return 'its file is not the one that was signed';
  return onTime === true ? undefined : 'its time is not that of its act';
}
