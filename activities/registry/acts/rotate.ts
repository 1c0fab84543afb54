import { notOnePerson } from '../../../domain/one-person.js';
import type { Refusal } from '../../../domain/refusal.js';
import { nextAuditBody } from '../../../platform/audit.js';
import { enrollees } from '../../../platform/enrolment.js';
import { openRequest } from '../../../platform/enrolment-request.js';
import type { ApplyAct } from '../applied.js';
import { attemptsWith, personSubject } from './person.js';

/** Puts a person's new key in the place of the one they sign this with; what they decided stands. */
export const rotateKey: ApplyAct = async (tx, { hash, payload, person }) => {
  const { email, printedName: name, groups, assurance } = person;
  const subject = personSubject(email);
  const key = String(payload['key']);
  if (person.kid === null) return { subject, refusal: refused('key to rotate', `${email} signs by a login and has none`) };
  await tx.query('SELECT lock_person($1)', [email]);
  const opened = await openRequest(String(payload['request']));
  const why = opened.ok ? differs(opened.request, { email, name, kid: key }) : opened.why;
  if (!opened.ok || why !== undefined) return { subject, refusal: refused('request of the new key', why ?? '') };
  const people = await enrollees(tx);
  if (people.some((each) => each.email === email && each.keys.includes(key)))
    return { subject, refusal: refused('new key', `${key} is or was their key already`) };
  const taken = notOnePerson({ email, name, key, issuer: '', subject: '' }, people, 'the same person');
  if (taken) return { subject, refusal: taken };
  const detail = { name, groups, key, publicKey: { ...opened.request.publicJwk }, assurance, was: person.kid, envelope: hash };
  return {
    subject,
    result: { email, key, state: 'rotated' },
    nudge: await attemptsWith(tx, email),
    effect: async (inTx) => {
      const body = await nextAuditBody(inTx, { action: 'key.rotated', actor: email, subject, detail });
      await inTx.query('SELECT rotate_key($1, $2)', [hash, body]);
      return [];
    },
  };
};

type Said = Readonly<Record<'email' | 'name' | 'kid', string>>;

function differs(said: Said, is: Said): string | undefined {
  const field = (['email', 'name', 'kid'] as const).find((each) => said[each] !== is[each]);
  return field && `it is for another ${field}: ${said[field]}`;
}

function refused(what: string, given: string): Refusal {
  return { kind: 'identity', what, given, next: 'make a new key with people rotate' };
}
