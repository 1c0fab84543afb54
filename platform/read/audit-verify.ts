import type pg from 'pg';
import { CHAIN_START, firstBroken, type AuditRow } from '../../domain/audit.js';
import { chainLink } from '../audit.js';
import type { Db } from '../pool.js';
import type { TrailEvent } from './audit-trail.js';
import { backing, type RecordBacking } from './audit-backing.js';
import { inSnapshot } from './snapshot.js';

/** Whether the audit trail holds: its chain from the first event to the head, and the record it speaks of. */
export interface TrailReport {
  readonly ok: boolean;
  readonly events: number;
  /** The hash of the last event that follows, in hex. */
  readonly head: string;
  /** The number of the first event that is missing, changed or does not follow; null when the chain holds. */
  readonly firstBroken: number | null;
  readonly why: string | null;
  /** What the record says without the trail, or the trail without the record; looked for when the chain holds. */
  readonly unbacked: readonly string[];
}

interface Link {
  readonly seq: number;
  readonly hash: string;
}

interface StoredRow extends AuditRow {
  readonly at: string;
  readonly action: string;
  readonly actor: string;
  readonly subject: string;
}

const ROWS_AT_ONCE = 1_000;

/** Recomputes the whole chain and compares the record with it, at one moment, holding only a few thousand events at once. */
export async function verifyTrail(pool: pg.Pool): Promise<TrailReport> {
  return await inSnapshot(pool, async (db) => {
    const record = backing(db);
    const { last, broken } = await follow(db, record);
    const report = { events: last.seq, head: last.hash };
    if (broken) return { ...report, ok: false, firstBroken: broken.seq, why: broken.why, unbacked: [] };
    const unbacked = await record.finish();
    return { ...report, ok: unbacked.length === 0, firstBroken: null, why: null, unbacked };
  });
}

type Broken = { readonly seq: number; readonly why: string };

async function follow(db: Db, record: RecordBacking): Promise<{ last: Link; broken?: Broken }> {
  let last: Link = { seq: 0, hash: CHAIN_START };
  for await (const rows of batches(db)) {
    const chain = firstBroken(rows, last, chainLink);
    const intact = chain ? rows.filter(({ seq }) => seq < chain.seq) : rows;
    const events = intact.map(eventOf);
    const differs = intact.findIndex((row, i) => !saysTheSame(row, events[i] as TrailEvent));
    const sound = differs < 0 ? intact : intact.slice(0, differs);
    last = sound.at(-1) ?? last;
    if (differs >= 0) {
      const seq = (intact[differs] as StoredRow).seq;
      return { last, broken: { seq, why: `the columns of event ${seq} differ from its text` } };
    }
    if (chain) return { last, broken: chain };
    await record.take(events);
  }
  const broken = await headDiffers(db, last);
  return broken ? { last, broken } : { last };
}

/** All rows in order; the next ones are on their way while some are looked at. */
async function* batches(db: Db): AsyncGenerator<StoredRow[]> {
  const after = async (seq: string): Promise<StoredRow[]> => {
    const { rows } = await db.query<StoredRow>(
      `SELECT seq, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, action, actor, subject, body, encode(hash, 'hex') AS hash
         FROM audit_event WHERE seq > $1::bigint ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
      [seq],
    );
    return rows;
  };
  let rows = await after('-9223372036854775808');
  while (rows.length > 0) {
    const next = after(String(rows.at(-1)?.seq));
    // Whoever stops at a broken event never asks for the rows that are on their way.
    next.catch(() => undefined);
    yield rows;
    rows = await next;
  }
}

function eventOf({ body, hash }: StoredRow): TrailEvent {
  return { ...(JSON.parse(body) as Omit<TrailEvent, 'hash'>), hash };
}

/** The time is compared in the database's microseconds, so that no rounding hides a change. */
function saysTheSame(row: StoredRow, event: TrailEvent): boolean {
  if (typeof event.at !== 'string' || row.at !== `${event.at.slice(0, -1)}000Z`) return false;
  if (typeof event.detail !== 'object' || event.detail === null) return false;
  return row.action === event.action && row.actor === event.actor && row.subject === event.subject;
}

/** A trail whose end was cut off still follows; the head says how far it went. */
async function headDiffers(db: Db, last: Link): Promise<Broken | undefined> {
  const { rows } = await db.query<Link>(`SELECT seq, encode(hash, 'hex') AS hash FROM audit_head`);
  const head = rows[0];
  if (!head) return { seq: last.seq + 1, why: 'the trail has no head' };
  if (head.seq > last.seq) return { seq: last.seq + 1, why: `event ${last.seq + 1} is missing: the head is event ${head.seq}` };
  if (head.seq < last.seq) return { seq: head.seq + 1, why: `event ${head.seq + 1} lies beyond the head` };
  return head.hash === last.hash ? undefined : { seq: last.seq, why: `the head carries another hash than event ${last.seq}` };
}
