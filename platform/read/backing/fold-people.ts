import type { TrailEvent } from '../audit-trail.js';
import { textOf, textsOf } from './backing.js';
import type { Told } from './told.js';

/** A person as two administrators made them; another key or account, or trust after none, makes them somebody new. */
export function enrolled({ acts }: Told, { seq, subject, detail }: TrailEvent): string[] {
  const [email, before] = [emailOf(subject), acts?.people.get(emailOf(subject))];
  const is = { kid: textOf(detail['key']), issuer: textOf(detail['issuer']), account: textOf(detail['subject']) };
  const isSame = before?.trusted && before.kid === is.kid && before.issuer === is.issuer && before.account === is.account;
  acts?.people.set(email, { ...is, groups: textsOf(detail['groups']), trusted: true, since: isSame ? before.since : seq });
  return [];
}

/** A new key in the place of a person's own: what they decided goes on standing. */
export function rotated({ acts }: Told, { subject, detail }: TrailEvent): string[] {
  const is = acts?.people.get(emailOf(subject));
  if (is) acts?.people.set(emailOf(subject), { ...is, kid: textOf(detail['key']) });
  return [];
}

/** The end of what a person may do, and of what they decided in attempts that are open. */
export function revoked({ acts }: Told, { subject }: TrailEvent): string[] {
  const is = acts?.people.get(emailOf(subject));
  if (is) acts?.people.set(emailOf(subject), { ...is, trusted: false });
  return [];
}

function emailOf(subject: string): string {
  return subject.replace(/^person\//, '');
}
