import { createHash } from 'node:crypto';
import { auditBody, type AuditEntry } from '../domain/audit.js';
import type { Db, Tx } from './pool.js';

/** The text of the next audit event; takes the audit head's lock, which every transaction takes last. */
export async function nextAuditBody(tx: Tx, entry: AuditEntry): Promise<string> {
  const { rows } = await tx.query<{ seq: number; at: string }>('SELECT seq, at FROM lock_audit()');
  const head = rows[0];
  if (!head) throw new Error('the audit trail has no head');
  return auditBody(entry, head.seq, head.at);
}

/** Puts one event on the audit trail, in the transaction of what it records. */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.query('SELECT append_audit($1)', [await nextAuditBody(tx, entry)]);
}

/** SHA-256 over the previous hash's raw bytes and the body's UTF-8 bytes, in hex: one link of the chain. */
export function chainLink(previousHash: string, body: string): string {
  return createHash('sha256').update(Buffer.from(previousHash, 'hex')).update(body, 'utf8').digest('hex');
}

/** The time of the database that decides, as ISO text. */
export async function databaseNow(db: Db): Promise<string> {
  const { rows } = await db.query<{ now: string }>('SELECT gatehouse_now() AS now');
  return rows[0]?.now ?? '';
}
