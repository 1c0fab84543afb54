import type { Login } from './login.js';
import { misleading, notOnePerson, type Known } from './one-person.js';
import type { Refusal } from './refusal.js';

/** Somebody on the record, with the groups they have there. */
export interface AccountHolder extends Known {
  readonly groups: readonly string[];
  readonly revoked: boolean;
  /** Whether their groups are those that the provider says. */
  readonly isByLogin: boolean;
}

/** What a proven login comes to: nobody is meant by it, somebody new, or somebody on the record, perhaps in other groups. */
export type Admission =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly email: string; readonly isRegrouped: boolean };

/**
 * Whom a login is by: the account, which is issuer and subject, is the human and keeps its e-mail address. An account that is
 * not on the record is one more person only if it is nobody who is there already (rules §3).
 */
export function admit(login: Login, people: readonly AccountHolder[]): Admission {
  const { issuer, subject, email, name, groups } = login;
  const holder = people.find((each) => each.issuer === issuer && each.subject === subject);
  if (holder) {
    if (holder.email !== email)
      return refused('account', subject, `the account is that of ${holder.email}`, `sign as ${holder.email}`);
    const isRegrouped = holder.isByLogin && !holder.revoked && holder.groups.join('\n') !== groups.join('\n');
    return { kind: 'known', email, isRegrouped };
  }
  const same = people.find((each) => each.email === email);
  if (same) {
    const has = same.issuer === '' ? 'a key of their own' : 'another account';
    return refused('e-mail', email, `${email} is enrolled with ${has}`, 'sign with that');
  }
  const refusal = misleading({ email, name }) ?? notOnePerson({ email, name, key: '', issuer, subject }, people, '');
  const next = 'have the provider say an address and a name that cannot be mistaken for another';
  return refusal ? { kind: 'refused', refusal: { ...refusal, kind: 'identity', next } } : { kind: 'new' };
}

function refused(what: string, given: string, why: string, next: string): Admission {
  return {
    kind: 'refused',
    refusal: { kind: 'identity', what: `one human is one person: ${what}`, given: `${given}; ${why}`, next },
  };
}
