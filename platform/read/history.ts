import type pg from 'pg';
import type { Gate } from '../../domain/policy.js';
import type { Stage } from '../../domain/progress.js';
import { databaseNow } from '../audit.js';
import type { Db } from '../pool.js';
import { inSnapshot } from './snapshot.js';

/** An approval that a production change stands on. */
export interface Approval {
  readonly gate: Gate;
  readonly by: string;
  readonly at: string;
}

/** Why a version left production; `by` is the version that followed it, null after a retirement. */
export interface End {
  readonly how: 'replaced' | 'rolled back' | 'retired';
  readonly by: string | null;
  readonly reason: string | null;
}

/** One stretch of time in which one version was in production; `to` and `ended` are null while it is. Times are ISO text. */
export interface Interval {
  readonly version: string;
  readonly from: string;
  readonly to: string | null;
  /** How it came to be in production: `promotion`, or the kind of rollback. */
  readonly kind: string;
  readonly promotionId: string | null;
  /** Null where nobody asked: an automatic rollback. */
  readonly requestedBy: string | null;
  readonly approvals: readonly Approval[];
  readonly ended: End | null;
}

/** An attempt that ended without production. */
export interface EndedAttempt {
  readonly promotionId: string;
  readonly version: string;
  readonly state: Stage;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly endedAt: string;
  readonly reason: string | null;
}

/** What `history` answers of one model, both in the order of time. */
export interface History {
  readonly model: string;
  /** Database time. */
  readonly asOf: string;
  readonly intervals: readonly Interval[];
  readonly attempts: readonly EndedAttempt[];
}

interface ChangeRow {
  kind: string;
  from_version: string | null;
  to_version: string | null;
  promotion_id: string | null;
  decisions: string[];
  record: string;
  at: string;
  requested_by: string | null;
  end_reason: string | null;
  left_at: string | null;
}

const CHANGES = `
  SELECT c.kind, c.from_version, c.to_version, c.promotion_id, c.decisions, c.record, c.at, p.requested_by, p.end_reason,
         CASE WHEN v.status <> 'production' AND v.deprecated_at >= c.at THEN v.deprecated_at END AS left_at
    FROM production_change c JOIN model_registry m ON m.id = c.model_id
    LEFT JOIN promotion p ON p.id = c.promotion_id
    LEFT JOIN model_version_detail v ON v.model_id = c.model_id AND v.version = c.to_version
   WHERE m.name = $1 ORDER BY c.seq`;

/** Every stretch of production of a model, and the attempts that ended without one, read at one moment. */
export async function readHistory(pool: pg.Pool, model: string): Promise<History> {
  return await inSnapshot(pool, async (db) => {
    const { rows } = await db.query<ChangeRow>(CHANGES, [model]);
    const signed = await signaturesOf(
      db,
      rows.flatMap(({ decisions }) => decisions),
    );
    // A change after which nothing serves begins no stretch; it only ends the one before.
    const intervals = rows.flatMap((row, i) => (row.to_version === null ? [] : [intervalOf(row, rows[i + 1], signed)]));
    return { model, asOf: await databaseNow(db), intervals, attempts: await endedAttempts(db, model) };
  });
}

interface Signature {
  hash: string;
  person: string | null;
  gate: Gate | null;
  received_at: string;
}

/** The signed acts that changes stand on, by hash: decisions at gates, or whatever asked for a rollback. */
async function signaturesOf(db: Db, hashes: readonly string[]): Promise<Map<string, Signature>> {
  const { rows } = await db.query<Signature>(
    `SELECT e.hash, e.person, e.received_at, d.gate FROM envelope e LEFT JOIN decision d ON d.envelope = e.hash WHERE e.hash = ANY ($1)`,
    [hashes],
  );
  return new Map(rows.map((row) => [row.hash, row]));
}

function intervalOf(row: ChangeRow, later: ChangeRow | undefined, signed: ReadonlyMap<string, Signature>): Interval {
  const signatures = row.decisions.flatMap((hash) => signed.get(hash) ?? []);
  const approvals = signatures.flatMap(({ gate, person, received_at: at }) => (gate && person ? [{ gate, by: person, at }] : []));
  const asked = signatures.find(({ gate }) => gate === null)?.person ?? textIn(row.record, 'requestedBy');
  // A change that did not find this version in production came after it had been retired.
  const next = later?.from_version === row.to_version ? later : undefined;
  const to = next?.at ?? row.left_at ?? later?.at ?? null;
  return {
    version: row.to_version ?? '',
    from: row.at,
    to,
    kind: row.kind,
    promotionId: row.promotion_id,
    requestedBy: row.requested_by ?? asked,
    approvals,
    ended: to === null ? null : endOf(row, next),
  };
}

function endOf({ end_reason: reason }: ChangeRow, next: ChangeRow | undefined): End {
  if (!next) return { how: 'retired', by: null, reason };
  if (next.kind === 'promotion') return { how: 'replaced', by: next.to_version, reason: null };
  const why = textIn(next.record, 'reason') ?? reason;
  return { how: next.to_version === null ? 'retired' : 'rolled back', by: next.to_version, reason: why };
}

/** A text of a change's record, where it has one of that name. */
function textIn(record: string, name: string): string | null {
  const value = (JSON.parse(record) as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

async function endedAttempts(db: Db, model: string): Promise<EndedAttempt[]> {
  const { rows } = await db.query<EndedAttempt>(
    `SELECT p.id AS "promotionId", p.version, p.state, p.requested_by AS "requestedBy", p.requested_at AS "requestedAt",
            p.ended_at AS "endedAt", p.end_reason AS reason
       FROM promotion p JOIN model_registry m ON m.id = p.model_id
      WHERE m.name = $1 AND p.state IN ('rejected', 'expired', 'withdrawn') ORDER BY p.ended_at, p.id`,
    [model],
  );
  return rows;
}
