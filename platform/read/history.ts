import type pg from 'pg';
import type { Skip } from '../../domain/attempt.js';
import type { ChangeKind } from '../../domain/follow-ups.js';
import type { Gate } from '../../domain/policy.js';
import type { Stage } from '../../domain/progress.js';
import { databaseNow } from '../audit.js';
import type { Db } from '../pool.js';
import { reviewsOf, type Review } from './reviews.js';
import { inSnapshot } from './snapshot.js';

/** An approval that a production change stands on. */
export interface Approval {
  readonly gate: Gate;
  readonly by: string;
  readonly at: string;
}

/** One of the two signatures by which a wait was skipped. */
export interface GlassSaid {
  readonly skip: Skip;
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** Why a version left production: `by` is the version that followed it, null after a retirement; `person` asked for that. */
export interface End {
  readonly how: 'replaced' | 'rolled back' | 'retired';
  readonly by: string | null;
  readonly person: string | null;
  /** What was said for it; a promotion has nothing to say. */
  readonly reason: string | null;
}

/** One stretch of time in which one version was in production; `to` and `ended` are null while it is. Times are ISO text. */
export interface Interval {
  readonly version: string;
  readonly from: string;
  readonly to: string | null;
  /** How it came to be in production. */
  readonly kind: ChangeKind;
  readonly promotionId: string | null;
  /** Who asked for the promotion or the rollback; null where nobody did. */
  readonly requestedBy: string | null;
  readonly approvals: readonly Approval[];
  /** Who skipped a wait of it, and why; empty where nobody did. */
  readonly breakGlass: readonly GlassSaid[];
  readonly review: Review | null;
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
  kind: ChangeKind;
  to_version: string | null;
  promotion_id: string | null;
  decisions: string[];
  break_glass: string[];
  record: string;
  at: string;
  asked_by: string | null;
}

const CHANGES = `
  SELECT c.kind, c.to_version, c.promotion_id, c.decisions, c.break_glass, c.record, c.at, coalesce(p.requested_by, e.person) AS asked_by
    FROM production_change c JOIN model_registry m ON m.id = c.model_id
    LEFT JOIN promotion p ON p.id = c.promotion_id
    LEFT JOIN envelope e ON e.hash = c.envelope
   WHERE m.name = $1 ORDER BY c.seq`;

/** Every stretch of production of a model, and the attempts that ended without one, read at one moment. */
export async function readHistory(pool: pg.Pool, model: string): Promise<History> {
  return await inSnapshot(pool, async (db) => {
    const asOf = await databaseNow(db);
    const { rows } = await db.query<ChangeRow>(CHANGES, [model]);
    const on = { approvals: await approvalsOf(db, rows), glass: await glassOf(db, rows), reviews: await reviewsOf(db, model) };
    // A change after which nothing serves begins no stretch; it only ends the one before.
    const intervals = rows.flatMap((row, i) => {
      return row.to_version === null ? [] : [intervalOf(row, row.to_version, rows[i + 1], on)];
    });
    return { model, asOf, intervals, attempts: await endedAttempts(db, model) };
  });
}

/** The approvals that changes stand on, by the hashes of their envelopes. */
async function approvalsOf(db: Db, changes: readonly ChangeRow[]): Promise<Map<string, Approval>> {
  const hashes = changes.flatMap(({ decisions }) => decisions);
  const { rows } = await db.query<Approval & { envelope: string }>(
    'SELECT envelope, gate, person AS by, received_at AS at FROM decision WHERE envelope = ANY ($1)',
    [hashes],
  );
  return new Map(rows.map(({ envelope, gate, by, at }) => [envelope, { gate, by, at }]));
}

async function glassOf(db: Db, changes: readonly ChangeRow[]): Promise<Map<string, GlassSaid>> {
  const hashes = changes.flatMap(({ break_glass: signed }) => signed);
  const { rows } = await db.query<GlassSaid & { envelope: string }>(
    'SELECT envelope, skip, person AS by, reason, at FROM break_glass WHERE envelope = ANY ($1)',
    [hashes],
  );
  return new Map(rows.map(({ envelope, ...said }) => [envelope, said]));
}

function intervalOf(
  row: ChangeRow,
  version: string,
  next: ChangeRow | undefined,
  on: { approvals: Map<string, Approval>; glass: Map<string, GlassSaid>; reviews: readonly Review[] },
): Interval {
  return {
    version,
    from: row.at,
    to: next?.at ?? null,
    kind: row.kind,
    promotionId: row.promotion_id,
    requestedBy: row.asked_by,
    approvals: row.decisions.flatMap((hash) => on.approvals.get(hash) ?? []),
    breakGlass: row.break_glass.flatMap((hash) => on.glass.get(hash) ?? []),
    review: on.reviews.find(({ subject, kind }) => subject === row.promotion_id && kind === 'break-glass') ?? null,
    ended: next ? endBy(next) : null,
  };
}

const HOW = {
  promotion: 'replaced',
  rollback: 'rolled back',
  retirement: 'retired',
  automatic: 'rolled back',
} as const satisfies Record<ChangeKind, End['how']>;

function endBy({ kind, to_version: by, asked_by: person, record }: ChangeRow): End {
  const reason = (JSON.parse(record) as { readonly reason?: unknown }).reason;
  return { how: HOW[kind], by, person, reason: typeof reason === 'string' ? reason : null };
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
