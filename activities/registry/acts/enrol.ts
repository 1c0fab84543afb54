import type { AuditAction } from '../../../domain/audit.js';
import type { JsonValue } from '../../../domain/canonical.js';
import { ENROLMENT_WAITS_MS, judgeEnrolment, type EnrolmentFields, type Enrollee } from '../../../domain/enrolment.js';
import type { Refusal } from '../../../domain/refusal.js';
import { hasRight } from '../../../domain/rights.js';
import { appendAudit, nextAuditBody } from '../../../platform/audit.js';
import { enrollees, enrolmentFields, waitingHalves } from '../../../platform/enrolment.js';
import { openRequest } from '../../../platform/enrolment-request.js';
import { allPeople } from '../../../platform/people.js';
import { defaultRights } from '../../../platform/policy-for.js';
import type { Tx } from '../../../platform/pool.js';
import type { Applied, ApplyAct } from '../applied.js';
import { attemptsWith, personSubject } from './person.js';

/** Enrols a person or changes an enrolled one: the first administrator's act waits for that of a second. */
export const enrolPerson: ApplyAct = async (tx, { hash, payload, person: by, at }): Promise<Applied> => {
  const says = enrolmentFields(payload);
  const subject = personSubject(says.email);
  await tx.query('SELECT lock_person($1)', [says.email]);
  const unproven = await notProven(says);
  if (unproven) return { subject, refusal: unproven };
  const people = await enrollees(tx);
  const waiting = (await waitingHalves(tx, people)).find((half) => half.says.email === says.email);
  const rights = await defaultRights(tx);
  const administersAs = (groups: readonly string[]): boolean => hasRight(groups, rights.people);
  const judged = judgeEnrolment(says, { by: by.email, people, waiting, administersAs });
  if (judged.kind === 'refused') return { subject, refusal: judged.refusal };
  const { email, name, member_of: groups, key } = says;
  if (judged.kind === 'first') {
    await tx.query('INSERT INTO enrolment (envelope, email) VALUES ($1, $2)', [hash, email]);
    const detail = { ...told(says), by: by.email, envelope: hash };
    await appendAudit(tx, { action: 'enrolment.proposed', actor: by.email, subject, detail });
    const until = new Date(Date.parse(at) + ENROLMENT_WAITS_MS).toISOString();
    const was = people.find((person) => person.email === email);
    return { subject, result: { email, name, groups, key, state: 'waiting', until, replaces: was ? replaced(says, was) : [] } };
  }
  await tx.query('INSERT INTO enrolment (envelope, email, completes) SELECT $1, $2, seq FROM enrolment WHERE envelope = $3', [
    hash,
    email,
    judged.first.envelope,
  ]);
  const action = judged.was ? 'person.changed' : 'person.enrolled';
  const state = judged.was ? 'changed' : 'enrolled';
  const first = { envelope: judged.first.envelope, approver: judged.first.approver };
  return {
    subject,
    result: { email, name, groups, key, state, by: [first.approver, by.email] },
    nudge: await attemptsWith(tx, email),
    effect: async (inTx) => {
      await complete(inTx, { says, hash, action, first, by: by.email });
      return [];
    },
  };
};

/** What of an enrolled person the enrolment replaces, in words for the second administrator. */
function replaced(says: EnrolmentFields, was: Enrollee): string[] {
  const [key, account] = [says.key !== was.key, says.issuer !== was.issuer || says.subject !== was.subject];
  return [
    ...(says.name === was.name ? [] : [`printed name ${was.name}`]),
    ...(says.member_of === was.groups.join(',') ? [] : [`groups ${was.groups.join(', ')}`]),
    ...(key ? [was.key === '' ? 'no key' : `key ${was.key}`] : []),
    ...(account ? [was.subject === '' ? 'no account' : `account ${was.subject}`] : []),
    ...(key || account || was.revoked ? ['their approvals in open attempts, which are void then'] : []),
  ];
}

type Detail = Readonly<Record<string, JsonValue>>;

interface Completed {
  readonly says: EnrolmentFields;
  readonly hash: string;
  readonly action: AuditAction;
  readonly first: { readonly envelope: string; readonly approver: string };
  readonly by: string;
}

async function complete(tx: Tx, { says, hash, action, first, by }: Completed): Promise<void> {
  const was = (await allPeople(tx)).find(({ email }) => email === says.email);
  const isSame =
    was !== undefined && !was.revoked && was.kid === (says.key || null) && was.account?.issuer === (says.issuer || undefined);
  const publicKey = says.key === '' ? null : was && was.kid === says.key ? was.publicKey : await keyOf(says.request);
  const assurance = isSame ? was.assurance : says.key === '' ? 'oidc' : 'enrolled';
  const detail = {
    ...told(says),
    publicKey,
    assurance,
    by: `${first.approver}, ${by}`,
    kind: 'administrators',
    first: first.envelope,
    envelope: hash,
  };
  const body = await nextAuditBody(tx, { action, actor: by, subject: personSubject(says.email), detail });
  await tx.query('SELECT enrol_person($1, $2)', [hash, body]);
}

/** What the events of both halves say; whoever has no key, no account or no double is not told to have an empty one. */
function told({ name, member_of: groups, key, issuer, subject, same_name: sameName }: EnrolmentFields): Detail {
  const said = { key, issuer, subject, same_name: sameName };
  return { name, groups: groups.split(','), ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== '')) };
}

async function keyOf(request: string): Promise<JsonValue> {
  const opened = await openRequest(request);
  return opened.ok ? { ...opened.request.publicJwk } : null;
}

/** A request says for itself whose key it is. */
async function notProven({ email, name, key, request }: EnrolmentFields): Promise<Refusal | undefined> {
  if (request === '') return undefined;
  const opened = await openRequest(request);
  const next = 'have it made again with people key';
  if (!opened.ok) return { kind: 'identity', what: 'enrolment request', given: opened.why, next };
  const says = { 'e-mail': [email, opened.request.email], name: [name, opened.request.name], key: [key, opened.request.kid] };
  const field = Object.entries(says).find(([, [signed, own]]) => signed !== own);
  if (!field) return undefined;
  const [what, [given = '', allowed = '']] = field;
  return { kind: 'identity', what, given, allowed: `${allowed}, as its request says`, next };
}
