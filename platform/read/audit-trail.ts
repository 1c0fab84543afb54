import type { JsonValue } from '../../domain/canonical.js';
import type { Db } from '../pool.js';

/** One event of the audit trail, as its hashed text says it. */
export interface TrailEvent {
  readonly seq: number;
  readonly at: string;
  readonly action: string;
  readonly actor: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, JsonValue>>;
  readonly hash: string;
}

interface Row {
  seq: number;
  at: string;
  action: string;
  actor: string;
  subject: string;
  body: string;
  hash: string;
}

/** The newest `limit` events, all without one, oldest first; with a model, those about it, its versions and its policy. */
export async function readTrail(
  db: Db,
  { model, limit }: { model?: string | undefined; limit?: number | undefined },
): Promise<TrailEvent[]> {
  const { rows } = await db.query<Row>(
    `SELECT seq, at, action, actor, subject, body, encode(hash, 'hex') AS hash FROM audit_event
      WHERE $1::text IS NULL OR subject IN ($1, 'policy/' || $1, $1 || '/staging', $1 || '/production')
         OR (starts_with(subject, $1 || '/') AND subject ~ '^[^/]+/\\d+\\.\\d+\\.\\d+')
         OR subject IN (SELECT c.key FROM production_change c JOIN model_registry m ON m.id = c.model_id WHERE m.name = $1)
         OR subject IN (SELECT i.id FROM incident i JOIN model_registry m ON m.id = i.model_id WHERE m.name = $1)
      ORDER BY seq DESC LIMIT $2::bigint`,
    [model ?? null, limit ?? null],
  );
  return rows.reverse().map(toEvent);
}

/** How many events the trail has. */
export async function trailLength(db: Db): Promise<number> {
  const { rows } = await db.query<{ seq: number }>('SELECT seq FROM audit_head');
  return rows[0]?.seq ?? 0;
}

function toEvent({ body, hash, ...columns }: Row): TrailEvent {
  try {
    return { ...(JSON.parse(body) as Omit<TrailEvent, 'hash'>), hash };
  } catch {
    // Only a damaged trail gets here; it is shown as it is, and `audit verify` names the event.
    return { ...columns, detail: { unreadable: body }, hash };
  }
}
