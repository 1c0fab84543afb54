import { OWNER } from '../domain/audit.js';
import { canonicalJson } from '../domain/canonical.js';
import { FIRST_ADMINISTRATORS } from '../domain/enrolment.js';
import { misleading, notOnePerson } from '../domain/one-person.js';
import type { Refusal } from '../domain/refusal.js';
import { hasRight } from '../domain/rights.js';
import { nextAuditBody } from './audit.js';
import { enrollees } from './enrolment.js';
import type { EnrolmentRequest } from './enrolment-request.js';
import { allPeople, type Person } from './people.js';
import { defaultRights } from './policy-for.js';
import { inTransaction, openPool, type Tx } from './pool.js';

/** Nobody is enrolled by the owner; the refusal says why. */
export class NotFirst extends Error {
  override readonly name = 'NotFirst';

  constructor(readonly refusal: Refusal) {
    super(refusal.what);
  }
}

/**
 * Enrols a first administrator with the owner's login, in one audited transaction, while fewer than two administrators with
 * keys of their own are there; answers how many there are then. Throws a `NotFirst`.
 */
export async function enrolFirst(ownerUrl: string, request: EnrolmentRequest, groups: readonly string[]): Promise<number> {
  const pool = openPool(ownerUrl, 'gatehouse enrol', { max: 1 });
  try {
    return await inTransaction(pool, (tx) => enrol(tx, request, groups));
  } finally {
    await pool.end();
  }
}

async function enrol(tx: Tx, { email, name, kid, publicJwk }: EnrolmentRequest, groups: readonly string[]): Promise<number> {
  await tx.query(`SELECT FROM work_lock WHERE name = 'people' FOR UPDATE`);
  const people = await allPeople(tx);
  const { people: allowed } = await defaultRights(tx);
  const count = people.filter((person) => administers(person, allowed) && person.assurance !== 'demo').length;
  const was = people.find((person) => person.email === email);
  const asked = { email, name, key: kid, issuer: '', subject: '' };
  const refusal =
    tooMany(count) ??
    noAdministrator(groups, allowed) ??
    standing(was, kid, allowed) ??
    misleading(asked) ??
    notOnePerson(asked, await enrollees(tx), '');
  if (refusal) throw new NotFirst(refusal);
  const publicKey = { ...publicJwk };
  const detail = { name, groups: [...groups], key: kid, publicKey, assurance: 'enrolled', by: OWNER, kind: OWNER };
  const action = was ? 'person.changed' : 'person.enrolled';
  const body = await nextAuditBody(tx, { action, actor: OWNER, subject: `person/${email}`, detail });
  const { at } = JSON.parse(body) as { at: string };
  await tx.query(
    `INSERT INTO person (email, printed_name, groups, kid, public_key, assurance, enrolled_by, enrolled_at, key_since, stands_since)
     VALUES ($1, $2, $3, $4, $5, 'enrolled', $6, $7, $7, $7)
     ON CONFLICT (email) DO UPDATE SET printed_name = $2, groups = $3, kid = $4, public_key = $5, issuer = NULL, subject = NULL,
       assurance = 'enrolled', enrolled_by = $6, enrolled_at = $7, key_since = $7, stands_since = $7, revoked_at = NULL`,
    [email, name, groups, kid, canonicalJson(publicKey), OWNER, at],
  );
  await tx.query('SELECT append_audit($1)', [body]);
  return count + 1;
}

function tooMany(count: number): Refusal | undefined {
  if (count < FIRST_ADMINISTRATORS) return undefined;
  const what = `there are ${count} administrators already`;
  return { kind: 'rule', what, allowed: 'two of them enrol everybody else', next: 'gatehouse people enrol --approver' };
}

function administers({ groups, revoked }: Person, allowed: readonly string[]): boolean {
  return !revoked && hasRight(groups, allowed);
}

function noAdministrator(groups: readonly string[], allowed: readonly string[]): Refusal | undefined {
  if (hasRight(groups, allowed)) return undefined;
  const next = 'give a group with the right people, such as admin';
  return { kind: 'rule', what: 'the owner enrols administrators only', given: groups.join(', '), next };
}

/** Whoever is an administrator already stays as they are; others come back, or come to it, with a key of their own. */
function standing(was: Person | undefined, kid: string, allowed: readonly string[]): Refusal | undefined {
  if (!was || (was.kid !== kid && (was.revoked || !administers(was, allowed)))) return undefined;
  return { kind: 'conflict', what: `${was.email} is enrolled already`, next: 'gatehouse people list' };
}
