import { TRAIL } from '../../../domain/audit.js';
import type { Refusal } from '../../../domain/refusal.js';
import { appendAudit } from '../../../platform/audit.js';
import { marksDigest, readMarks } from '../../../platform/checkpoint.js';
import type { ApplyAct } from '../applied.js';

/** Records that somebody vouches for the trail up to an event; what they state of it is compared with the trail first. */
export const recordCheckpoint: ApplyAct = async (tx, { hash, payload, person }) => {
  const [seq, events, head, marks] = [Number(payload['seq']), Number(payload['events']), payload['head'], payload['marks']];
  const { rows } = await tx.query<{ head: string | null; events: number }>(
    `SELECT (SELECT encode(hash, 'hex') FROM audit_event WHERE seq = $1) AS head,
            (SELECT count(*) FROM audit_event WHERE seq <= $1) AS events`,
    [seq],
  );
  const trail = rows[0];
  if (!trail || trail.head === null) return { subject: TRAIL, refusal: differs('seq', String(seq), 'an event of the trail') };
  const is = { head: trail.head, events: trail.events, marks: marksDigest(await readMarks(tx, seq)) };
  const stated = { head, events, marks };
  for (const field of ['head', 'events', 'marks'] as const) {
    if (stated[field] !== is[field])
      return { subject: TRAIL, refusal: differs(field, String(stated[field]), `${is[field]}, of event ${seq}`) };
  }
  await appendAudit(tx, {
    action: 'audit.checkpointed',
    actor: person.email,
    subject: TRAIL,
    detail: { seq, ...is, envelope: hash },
  });
  return { subject: TRAIL, result: { seq, ...is } };
};

function differs(field: string, signed: string, record: string): Refusal {
  const next = 'see gatehouse audit verify, with the checkpoint kept last';
  return { kind: 'rule', what: `the trail has another ${field}`, given: signed, allowed: record, next };
}
