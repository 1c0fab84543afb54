import type pg from 'pg';
import type { OpenedCheckpoint } from '../checkpoint.js';
import type { Db } from '../pool.js';
import { backing, type RecordBacking } from './audit-backing.js';
import { watchFor, type CheckpointReport, type CheckpointWatch } from './checkpoint-watch.js';
import { inSnapshot } from './snapshot.js';
import { START, trailPages, type Broken, type Link } from './trail-pages.js';

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
  /** What the trail says of the checkpoint it was held against, when there is one. */
  readonly checkpoint?: CheckpointReport;
}

/**
 * Recomputes the whole chain and compares the record with it, at one moment, holding only a few thousand events at once.
 * With a checkpoint that was kept elsewhere, a trail that was written anew up to its event is found as well.
 */
export async function verifyTrail(pool: pg.Pool, kept?: OpenedCheckpoint): Promise<TrailReport> {
  return await inSnapshot(pool, (db) => verifyIn(db, kept));
}

/** The same within a snapshot that is open already. */
export async function verifyIn(db: Db, kept?: OpenedCheckpoint): Promise<TrailReport> {
  const record = backing(db);
  const watch = kept && watchFor(kept, START);
  const { last, broken } = await follow(db, record, watch);
  const checkpoint = watch?.report();
  const report = { events: last.seq, head: last.hash, ...(checkpoint && { checkpoint }) };
  if (broken) return { ...report, ok: false, firstBroken: broken.seq, why: broken.why, unbacked: [] };
  const unbacked = [...unknown(checkpoint), ...(await record.finish())];
  return { ...report, ok: unbacked.length === 0, firstBroken: null, why: null, unbacked };
}

/** What the trail does not know of a checkpoint that it agrees with. */
function unknown(checkpoint: CheckpointReport | undefined): string[] {
  if (!checkpoint) return [];
  const { by, kid, key, seq, recordedAs } = checkpoint;
  const has = key === 'another' ? `another key of ${by}` : `no key of ${by}`;
  return [
    ...(key === 'enrolled' ? [] : [`the checkpoint is signed with key ${kid}; the trail has ${has}`]),
    ...(recordedAs === null ? [`the checkpoint of event ${seq} is on no event after it: what followed was written anew`] : []),
  ];
}

async function follow(
  db: Db,
  record: RecordBacking,
  watch: CheckpointWatch | undefined,
): Promise<{ last: Link; broken?: Broken }> {
  let last: Link = START;
  for await (const { events, broken } of trailPages(db)) {
    const other = watch?.follow(events);
    watch?.take(events);
    if (other) return { last: other.last, broken: other };
    last = events.at(-1) ?? last;
    if (broken) return { last, broken };
    await record.take(events);
  }
  const broken = (await headDiffers(db, last)) ?? watch?.endsAt(last);
  return broken ? { last, broken } : { last };
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
