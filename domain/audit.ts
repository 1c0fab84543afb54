import { canonicalJson, type JsonValue } from './canonical.js';

/** Everything that is put on the audit trail, named `<subject>.<what happened to it>`. */
export type AuditAction =
  | 'person.enrolled'
  | 'enrolment.proposed'
  | 'person.changed'
  | 'key.rotated'
  | 'person.revoked'
  | 'installation.changed'
  | 'person.regrouped'
  | 'issuer.key-seen'
  | 'clock.advanced'
  | 'audit.checkpointed'
  | 'policy.registered'
  | 'feature-view.registered'
  | 'dataset.registered'
  | 'version.registered'
  | 'promotion.requested'
  | 'promotion.asked'
  | 'decision.approved'
  | 'decision.rejected'
  | 'decision.retracted'
  | 'act.refused'
  | 'stage.changed'
  | 'promotion.repinned'
  | 'round.opened'
  | 'soak.extended'
  | 'soak.paused'
  | 'soak.resumed'
  | 'break-glass.proposed'
  | 'break-glass.completed'
  | 'review.opened'
  | 'freeze.begun'
  | 'freeze.lifted'
  | 'hold.begun'
  | 'hold.lifted'
  | 'production.changed'
  | 'incident.opened'
  | 'incident.rose'
  | 'incident.closed'
  | 'change.followed-up'
  | 'version.released'
  | 'version.resolved'
  | 'serving.pointed'
  | 'previous.archived'
  | 'run.started'
  | 'run.replaced';

/** What an audit event says, before it has its number and time. */
export interface AuditEntry {
  readonly action: AuditAction;
  /** E-mail of a person, or `gatehouse` for the worker's own steps. */
  readonly actor: string;
  readonly subject: string;
  readonly detail: { readonly [name: string]: JsonValue };
}

/** Who acts when nobody signed: the worker, on the authority of the record. */
export const GATEHOUSE = 'gatehouse';

/** Who acts with the installation's own login, and signs nothing. */
export const OWNER = 'owner';

/** The exact text that is stored and hashed for an audit event. */
export function auditBody(entry: AuditEntry, seq: number, at: string): string {
  const { action, actor, subject, detail } = entry;
  return canonicalJson({ seq, at, action, actor, subject, detail });
}

/** A row of the trail as it is read back; `hash` in hex. */
export interface AuditRow {
  readonly seq: number;
  readonly body: string;
  readonly hash: string;
}

/** The same with the number that its text carries, whatever that is. */
export interface ChainRow extends AuditRow {
  readonly said: unknown;
}

/** What a checkpoint is about: the trail as a whole. */
export const TRAIL = 'audit-trail';

/** The hash before the first event: 32 zero bytes, in hex. */
export const CHAIN_START = '0'.repeat(64);

/**
 * The first link that is broken when `rows` follow `previous` (seq and hash of the row before them), or undefined.
 * `link` is SHA-256 over the previous hash's 32 raw bytes and the body's UTF-8 bytes, in hex.
 */
export function firstBroken(
  rows: readonly ChainRow[],
  previous: { seq: number; hash: string },
  link: (previousHash: string, body: string) => string,
): { seq: number; why: string } | undefined {
  let before = previous;
  for (const row of rows) {
    if (row.seq !== before.seq + 1) return { seq: before.seq + 1, why: `event ${before.seq + 1} is missing` };
    if (row.said !== row.seq) return { seq: row.seq, why: `the text of event ${row.seq} carries another number` };
    if (link(before.hash, row.body) !== row.hash) return { seq: row.seq, why: `the hash of event ${row.seq} does not follow` };
    before = row;
  }
  return undefined;
}
