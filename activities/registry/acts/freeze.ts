import type { Freeze } from '../../../domain/freeze.js';
import type { Refusal } from '../../../domain/refusal.js';
import { modelNotRegistered } from '../../../domain/stages.js';
import { appendAudit } from '../../../platform/audit.js';
import { openFreezes } from '../../../platform/freezes.js';
import type { Tx } from '../../../platform/pool.js';
import type { ApplyAct } from '../applied.js';

/** Holds promotions back or lets them go on, of one model or of all; rollbacks are never held (rules §1). */
export const freezePromotions: ApplyAct = async (tx, { hash, payload, person, at }) => {
  const [named, reason] = [String(payload['model']), String(payload['reason'])];
  const model = named === '' ? null : named;
  const isOn = payload['freeze'] === 'on';
  const subject = model ?? 'all models';
  const models = await lockModels(tx, model);
  if (model !== null && models.length === 0) return { subject, refusal: modelNotRegistered(model) };
  const open = (await openFreezes(tx, model)).find((freeze) => freeze.model === model && freeze.kind !== 'hold');
  const refusal = isOn ? begunAlready(subject, open) : notBegun(subject, open);
  if (refusal) return { subject, refusal };
  await tx.query(
    `INSERT INTO switch (kind, model_id, is_on, reason, person, envelope, at)
     VALUES ('freeze', (SELECT id FROM model_registry WHERE name = $1), $2, $3, $4, $5, $6)`,
    [model, isOn, reason, person.email, hash, at],
  );
  const action = isOn ? 'freeze.begun' : 'freeze.lifted';
  await appendAudit(tx, { action, actor: person.email, subject, detail: { model, reason, envelope: hash } });
  return { subject, result: { model, frozen: isOn }, nudge: await soaking(tx, models) };
};

/** A change of production that is under way ends before a freeze begins, and none begins after it. */
export async function lockModels(tx: Tx, model: string | null): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    'SELECT name FROM model_registry WHERE $1::text IS NULL OR name = $1 ORDER BY id',
    [model],
  );
  for (const { name } of rows) await tx.query('SELECT lock_model($1)', [name]);
  return rows.map(({ name }) => name);
}

function begunAlready(subject: string, open: Freeze | undefined): Refusal | undefined {
  if (!open) return undefined;
  const what = `promotions of ${subject} are frozen already since ${new Date(open.since).toISOString()} by ${open.by}`;
  return { kind: 'conflict', what, given: open.reason, next: 'nothing to do' };
}

function notBegun(subject: string, open: Freeze | undefined): Refusal | undefined {
  if (open) return undefined;
  return { kind: 'conflict', what: `promotions of ${subject} are not frozen`, next: 'nothing to do' };
}

/** The attempts whose runs have to hear of a freeze or hold of these models. */
export async function soaking(tx: Tx, models: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT p.id FROM promotion p JOIN model_registry m ON m.id = p.model_id WHERE p.state = 'staging' AND m.name = ANY ($1)`,
    [models],
  );
  return rows.map(({ id }) => id);
}
