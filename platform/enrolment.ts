import {
  ENROLMENT_FIELDS,
  ENROLMENT_WAITS_MS,
  type Enrollee,
  type EnrolmentFields,
  type WaitingHalf,
} from '../domain/enrolment.js';
import { hasRight } from '../domain/rights.js';
import { openEnvelope } from './envelope.js';
import { allPeople, keysOf } from './people.js';
import { defaultRights } from './policy-for.js';
import type { Db } from './pool.js';

/** Everybody on the record as the rules of enrolment look at them. */
export async function enrollees(db: Db): Promise<Enrollee[]> {
  const people = await allPeople(db);
  const keys = await keysOf(
    db,
    people.map(({ email }) => email),
  );
  const { rows } = await db.query<{ environment: string }>('SELECT environment FROM installation');
  const rights = await defaultRights(db);
  const names = await namesOf(db);
  const isProduction = rows[0]?.environment === 'production';
  return people.map((person) => ({
    email: person.email,
    name: person.printedName,
    names: names.get(person.email) ?? [],
    key: person.kid ?? '',
    keys: (keys.get(person.email) ?? []).map(({ kid }) => kid),
    issuer: person.account?.issuer ?? '',
    subject: person.account?.subject ?? '',
    groups: person.groups,
    revoked: person.revoked,
    administers: !person.revoked && hasRight(person.groups, rights.people) && !(isProduction && person.assurance === 'demo'),
  }));
}

/** Every name that people were ever enrolled under, by e-mail: a former name is nobody else's either. */
async function namesOf(db: Db): Promise<Map<string, string[]>> {
  const { rows } = await db.query<{ email: string; names: string[] }>(
    `SELECT substr(subject, length('person/') + 1) AS email, array_agg(DISTINCT body::jsonb #>> '{detail,name}') AS names
       FROM audit_event WHERE subject = ANY (SELECT 'person/' || email FROM person)
        AND action IN ('person.enrolled', 'person.changed', 'person.regrouped') GROUP BY subject`,
  );
  return new Map(rows.map(({ email, names }) => [email, names]));
}

/**
 * The first halves that wait for a second administrator, by the e-mail they are about: the last one about each, unless it was
 * completed or has lapsed, or who signed it may no longer enrol anybody.
 */
export async function waitingHalves(db: Db, people: readonly Pick<Enrollee, 'email' | 'administers'>[]): Promise<WaitingHalf[]> {
  const { rows } = await db.query<{ envelope: string; approver: string; received_at: string; jws: string }>(
    `SELECT n.envelope, e.person AS approver, e.received_at, e.jws
       FROM (SELECT DISTINCT ON (email) * FROM enrolment WHERE completes IS NULL ORDER BY email, seq DESC) n
       JOIN envelope e ON e.hash = n.envelope
      WHERE NOT EXISTS (SELECT FROM enrolment c WHERE c.completes = n.seq)
        AND e.received_at >= gatehouse_now() - make_interval(secs => $1::float8 / 1000) ORDER BY n.email`,
    [ENROLMENT_WAITS_MS],
  );
  return rows.flatMap(({ envelope, approver, received_at: at, jws }) => {
    const opened = openEnvelope(jws);
    const may = people.some(({ email, administers: does }) => email === approver && does);
    return opened.ok && may ? [{ envelope, approver, at: Date.parse(at), says: enrolmentFields(opened.envelope.payload) }] : [];
  });
}

/** What an act on enrolment says about the person. */
export function enrolmentFields(payload: Readonly<Record<string, unknown>>): EnrolmentFields {
  return Object.fromEntries(ENROLMENT_FIELDS.map((field) => [field, String(payload[field])])) as EnrolmentFields;
}
