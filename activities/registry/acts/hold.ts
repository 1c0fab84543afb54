import type { Freeze } from '../../../domain/freeze.js';
import type { Refusal } from '../../../domain/refusal.js';
import { modelNotRegistered } from '../../../domain/stages.js';
import { appendAudit } from '../../../platform/audit.js';
import { openFreezes } from '../../../platform/freezes.js';
import type { Tx } from '../../../platform/pool.js';
import { recordedHolds } from '../../../platform/read/holds-signed.js';
import { writeNotices } from '../../notify/notices.js';
import type { ApplyAct } from '../applied.js';
import { keepHoldsServed } from '../spooled-holds.js';
import { lockModels, soaking } from './freeze.js';

/** Tells the serving side to stop answering with a model, or lets it go on; what is promoted waits, a rollback does not. */
export const holdServing: ApplyAct = async (tx, { hash, payload, person, at }, deps) => {
  const [named, reason] = [String(payload['model']), String(payload['reason'])];
  const model = named === '' ? null : named;
  const isOn = payload['hold'] === 'on';
  const subject = model ?? 'all models';
  const models = await lockModels(tx, model);
  if (model !== null && models.length === 0) return { subject, refusal: modelNotRegistered(model) };
  const open = (await openFreezes(tx, model)).find((held) => held.model === model && held.kind === 'hold');
  const refusal = changesNothing(subject, isOn, open) ?? (isOn ? undefined : await isOlder(tx, named, String(payload['issued'])));
  if (refusal) return { subject, refusal };
  await tx.query(
    `INSERT INTO switch (kind, model_id, is_on, reason, person, envelope, at)
     VALUES ('hold', (SELECT id FROM model_registry WHERE name = $1), $2, $3, $4, $5, $6)`,
    [model, isOn, reason, person.email, hash, at],
  );
  const notices = await writeNotices(tx, [
    {
      key: `hold/${hash}`,
      kind: 'hold',
      subject,
      audience: ['on_call', 'stakeholders'],
      title: isOn ? `${subject}: serving is told to stop` : `${subject}: serving may go on`,
      body: `By ${person.email}: ${reason}`,
    },
  ]);
  const action = isOn ? 'hold.begun' : 'hold.lifted';
  await appendAudit(tx, { action, actor: person.email, subject, detail: { model, reason, envelope: hash } });
  return {
    subject,
    notices,
    result: { model, held: isOn },
    nudge: await soaking(tx, models),
    effect: async (later) => {
      await keepHoldsServed(deps, later);
      return [];
    },
  };
};

function changesNothing(subject: string, isOn: boolean, open: Freeze | undefined): Refusal | undefined {
  if (isOn === (open === undefined)) return undefined;
  const what = open
    ? `${subject} is held already since ${new Date(open.since).toISOString()} by ${open.by}`
    : `${subject} is not held`;
  return { kind: 'conflict', what, ...(open && { given: open.reason }), next: 'nothing to do' };
}

/** Of a hold and a lift the later signature counts at the serving side; what goes on there must not be otherwise here. */
async function isOlder(tx: Tx, model: string, issued: string): Promise<Refusal | undefined> {
  const [hold] = await recordedHolds(tx, model);
  if (!hold || Date.parse(issued) > hold.issued) return undefined;
  return {
    kind: 'conflict',
    what: 'the lift was signed before the hold',
    given: issued,
    allowed: `after ${new Date(hold.issued).toISOString()}`,
    next: 'gatehouse hold --lift with the record at hand',
  };
}
