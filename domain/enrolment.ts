import type { Refusal } from './refusal.js';
import { misleading, notOnePerson, type Known } from './one-person.js';

/** How long the first administrator's half waits for the second's. */
export const ENROLMENT_WAITS_MS = 7 * 24 * 60 * 60_000;

/** How many administrators the owner enrols: as many as it takes to enrol everybody else. */
export const FIRST_ADMINISTRATORS = 2;

/** What two administrators sign alike: the fields of their acts, in the order in which a difference is named. */
export const ENROLMENT_FIELDS = ['email', 'name', 'member_of', 'key', 'request', 'issuer', 'subject', 'same_name'] as const;
export type EnrolmentFields = Readonly<Record<(typeof ENROLMENT_FIELDS)[number], string>>;

/** A first half that waits. */
export interface WaitingHalf {
  readonly envelope: string;
  readonly approver: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly says: EnrolmentFields;
}

/** Somebody on the record as the rules of enrolment look at them. */
export interface Enrollee extends Known {
  /** The key they sign with now; '' for none. */
  readonly key: string;
  readonly groups: readonly string[];
  readonly revoked: boolean;
  /** Whether they may enrol others here and now. */
  readonly administers: boolean;
}

/** What an administrator's act on enrolment comes to. */
export type Enrolment =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'first' }
  | { readonly kind: 'second'; readonly first: WaitingHalf; readonly was: Enrollee | undefined };

/**
 * Judges what one administrator signed about enrolling somebody, or changing them: the first half waits, the second completes
 * it. Two administrators other than the person, who sign for the same; every rule holds again at the second.
 */
export function judgeEnrolment(
  says: EnrolmentFields,
  {
    by,
    people,
    waiting,
    administersAs,
  }: {
    readonly by: string;
    readonly people: readonly Enrollee[];
    readonly waiting: WaitingHalf | undefined;
    /** Whether these groups give the right to enrol others. */
    readonly administersAs: (groups: readonly string[]) => boolean;
  },
): Enrolment {
  const was = people.find(({ email }) => email === says.email);
  const refusal =
    misleading(says) ??
    oneWay(says, was) ??
    notOnePerson(says, people, says.same_name) ??
    notByThemselves(says, by) ??
    unchanged(says, was) ??
    (administersAs(says.member_of.split(',')) ? undefined : nobodyLeft(says.email, people));
  if (refusal) return { kind: 'refused', refusal };
  if (!waiting) return { kind: 'first' };
  const differs = ENROLMENT_FIELDS.find((field) => says[field] !== waiting.says[field]);
  if (waiting.approver === by) return differs ? { kind: 'first' } : refused(stillWaits(waiting));
  return differs ? refused(another(differs, says, waiting)) : { kind: 'second', first: waiting, was };
}

function refused(refusal: Refusal): Enrolment {
  return { kind: 'refused', refusal };
}

/** Everybody signs with a key or through an account, and shows that they have the key. */
function oneWay({ key, request, issuer, subject }: EnrolmentFields, was: Enrollee | undefined): Refusal | undefined {
  const isOne = (key === '') !== (issuer === '') && (issuer === '') === (subject === '');
  if (!isOne || (key === '' && request !== ''))
    return {
      kind: 'usage',
      what: 'a person is enrolled with a key or with an account',
      next: 'see gatehouse people enrol --help',
    };
  const isTheirs = key !== '' && was?.key === key;
  if (isTheirs && was.revoked)
    return { kind: 'rule', what: 'key', given: `${key} was revoked with ${was.email}`, next: 'enrol a new key: people key' };
  if (!isTheirs && was?.keys.includes(key))
    return { kind: 'rule', what: 'key', given: `${key} is an old key of ${was.email}`, next: 'enrol a new key: people key' };
  if (key !== '' && request === '' && !isTheirs)
    return { kind: 'usage', what: 'a new key needs the request that it signed itself', next: 'give the file of people key' };
  return undefined;
}

function notByThemselves({ email }: EnrolmentFields, by: string): Refusal | undefined {
  if (email !== by) return undefined;
  const next = 'ask two other administrators; your own key you change with people rotate';
  return { kind: 'rule', what: 'nobody enrols themselves', given: email, allowed: 'two other administrators', next };
}

function unchanged(says: EnrolmentFields, was: Enrollee | undefined): Refusal | undefined {
  if (!was || was.revoked || was.key !== says.key || was.issuer !== says.issuer || was.subject !== says.subject) return undefined;
  if (was.name !== says.name || was.groups.join(',') !== says.member_of) return undefined;
  return { kind: 'conflict', what: `${was.email} is enrolled just so already`, next: 'nothing to do' };
}

function stillWaits({ at, says }: WaitingHalf): Refusal {
  const what = `the enrolment of ${says.email} waits for a second administrator`;
  return { kind: 'conflict', what, allowed: `until ${iso(at + ENROLMENT_WAITS_MS)}`, next: 'ask another administrator' };
}

function another(field: keyof EnrolmentFields, says: EnrolmentFields, { approver, at, says: first }: WaitingHalf): Refusal {
  const named = { member_of: 'groups', same_name: '--same-name' }[field as string] ?? field;
  return {
    kind: 'conflict',
    what: `${named} is not what ${approver} signed for`,
    given: says[field] || 'nothing',
    allowed: first[field] || 'nothing',
    next: `agree with ${approver}, who may sign again; what they signed for lapses at ${iso(at + ENROLMENT_WAITS_MS)}`,
  };
}

/** Why somebody must stay an administrator, or undefined: without one nobody could be revoked or enrolled again. */
export function nobodyLeft(email: string, people: readonly Enrollee[]): Refusal | undefined {
  const left = people.filter((person) => person.administers && person.email !== email);
  const is = people.some((person) => person.email === email && person.administers);
  if (!is || left.length > 0) return undefined;
  const what = `${email} is the only administrator`;
  return { kind: 'rule', what, allowed: 'at least one stays', next: 'enrol another administrator first' };
}

/** Why somebody is not revoked, or undefined. */
export function judgeRevocation(email: string, people: readonly Enrollee[]): Refusal | undefined {
  const was = people.find((person) => person.email === email);
  if (!was) return { kind: 'usage', what: `${email} is not enrolled`, next: 'see gatehouse people list' };
  if (was.revoked) return { kind: 'conflict', what: `${email} is revoked already`, next: 'nothing to do' };
  return nobodyLeft(email, people);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
