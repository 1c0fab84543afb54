import { judgeRevocation } from '../../../domain/enrolment.js';
import type { JsonValue } from '../../../domain/canonical.js';
import { nextAuditBody } from '../../../platform/audit.js';
import { enrollees } from '../../../platform/enrolment.js';
import { allPeople } from '../../../platform/people.js';
import type { ApplyAct } from '../applied.js';
import { attemptsWith, personSubject } from './person.js';

/** Revokes a person: they sign nothing from now on, and what they decided in open attempts is void. */
export const revokePerson: ApplyAct = async (tx, { hash, payload, person: by }) => {
  const [email, reason] = [String(payload['email']), String(payload['reason'])];
  const subject = personSubject(email);
  await tx.query('SELECT lock_person($1)', [email]);
  const refusal = judgeRevocation(email, await enrollees(tx));
  if (refusal) return { subject, refusal };
  return {
    subject,
    result: { email, state: 'revoked' },
    nudge: await attemptsWith(tx, email),
    effect: async (inTx) => {
      const was = (await allPeople(inTx)).find((person) => person.email === email);
      const { printedName: name = '', groups = [], kid: key = null, publicKey = null, assurance = 'enrolled' } = was ?? {};
      const detail = { name, groups, key, publicKey: publicKey as JsonValue, assurance, reason, envelope: hash };
      const body = await nextAuditBody(inTx, { action: 'person.revoked', actor: by.email, subject, detail });
      await inTx.query('SELECT revoke_person($1, $2)', [hash, body]);
      return [];
    },
  };
};
