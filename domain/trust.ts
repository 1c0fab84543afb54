import type { Right } from './rights.js';
import { FIRST_RIGHTS } from './rights.js';

/** An Ed25519 key as a JWK, or what is given as one. */
export interface PublicKey {
  readonly kty?: string;
  readonly crv?: string;
  readonly x?: string;
}

/** An account at an identity provider: the human that `sub` is there. */
export interface Account {
  readonly issuer: string;
  readonly subject: string;
}

/** An identity provider whose logins count, with the keys that its tokens were verified with. */
export interface TrustedIssuer {
  readonly issuer: string;
  /** The client it knew the installation as. */
  readonly audience: string;
  readonly keys: readonly { readonly kid: string; readonly jwk: Readonly<Record<string, unknown>> }[];
}

/** A person as somebody who verifies knows them, from a file of their own. */
export interface TrustedPerson {
  readonly email: string;
  /** As the person's signatures print it. */
  readonly name: string;
  readonly groups: readonly string[];
  /** The key they sign with; null for whoever has none of their own. */
  readonly kid: string | null;
  readonly publicKey: PublicKey | null;
  /** Every key they ever had, the oldest first; each was theirs until the next one. */
  readonly keys?: readonly { readonly kid: string; readonly publicKey: PublicKey; readonly since: string }[];
  /** What was signed before this with a key they have no more stands no longer: it was in other hands. */
  readonly standsSince?: string | null;
  /** The account they log in with to sign; null or none for whoever has a key. */
  readonly account?: Account | null;
  readonly assurance: string;
  /** ISO time; null while the key counts. */
  readonly revokedAt: string | null;
}

/** Whose signatures count, and where: what `gatehouse people list --json` prints, kept by whoever verifies. */
export interface Trust {
  readonly installation: string;
  readonly environment: string;
  readonly people: readonly TrustedPerson[];
  /** Where people with accounts log in. */
  readonly issuers?: readonly TrustedIssuer[];
  /** Who may hold and roll back, where the policies say otherwise than the first ones. */
  readonly rights?: Readonly<Partial<Record<Right, readonly string[]>>>;
}

/** A key and whose it is. */
export interface TrustedKey {
  readonly person: TrustedPerson;
  readonly publicKey: PublicKey;
  /** Until when what it signed counts, ISO; null while it is the person's own. */
  readonly until: string | null;
}

/** Whose key this is or was, or undefined where it is nobody's who is trusted. */
export function trustedKey(trust: Trust, kid: string): TrustedKey | undefined {
  for (const person of trust.people) {
    const { keys = [], publicKey, standsSince } = person;
    if (person.kid === kid && publicKey) return { person, publicKey, until: null };
    const at = keys.findIndex((key) => key.kid === kid);
    const [key, next] = [keys[at], keys[at + 1]];
    // ISO texts of one form sort as times do.
    if (key && next)
      return next.since <= (standsSince ?? '') ? undefined : { person, publicKey: key.publicKey, until: next.since };
  }
  return undefined;
}

/** Whose account this is, or undefined where it is nobody's who is trusted. */
export function trustedAccount(trust: Trust, { issuer, subject }: Account): TrustedPerson | undefined {
  return trust.people.find(({ account }) => account?.issuer === issuer && account.subject === subject);
}

/** What is wrong with something that is given as trust, or undefined; more fields than these do no harm. */
export function wrongTrust(value: unknown): string | undefined {
  const trust = value as Partial<Trust> | null;
  if (typeof trust !== 'object' || trust === null) return 'it is no JSON object';
  if (!isText(trust.installation) || !isText(trust.environment)) return 'it names no installation and environment';
  if (!Array.isArray(trust.people) || trust.people.length === 0) return 'it has no people';
  const people = trust.people as readonly Partial<TrustedPerson>[];
  const wrong = people.findIndex((person) => !isPerson(person));
  if (wrong >= 0) return `people[${wrong}] is not of its form`;
  // One person under two names would count as two.
  const again =
    twice(people.map(({ email }) => String(email).toLowerCase())) ??
    twice(people.flatMap(kidsOf)) ??
    twice(people.flatMap(accountOf));
  if (again !== undefined) return `${again} is there twice`;
  const issuers: unknown = trust.issuers ?? [];
  if (!Array.isArray(issuers) || !issuers.every(isIssuer)) return 'its issuers are not of their form';
  const rights: unknown[] = Object.values(trust.rights ?? {});
  return rights.every(isTexts) ? undefined : 'its rights are not lists of groups';
}

/** Whether a person's groups have a right; `table` is that of a policy where one is at hand. */
export function hasTrustedRight(
  trust: Trust,
  { groups }: Pick<TrustedPerson, 'groups'>,
  right: Right,
  table: Readonly<Partial<Record<Right, readonly string[]>>> = FIRST_RIGHTS,
): boolean {
  const allowed = groupsTrustedWith(trust, right, table);
  return isTexts(allowed) && groups.some((group) => allowed.includes(group));
}

/** The groups with a right. */
export function groupsTrustedWith(
  trust: Trust,
  right: Right,
  table: Readonly<Partial<Record<Right, readonly string[]>>> = FIRST_RIGHTS,
): readonly string[] | undefined {
  return trust.rights?.[right] ?? table[right];
}

function isPerson(person: Partial<TrustedPerson>): boolean {
  const { email, name, groups, kid, publicKey, keys = [], account, assurance, revokedAt } = person;
  const hasKeys = Array.isArray(keys) && keys.every((key) => isKey(key?.publicKey, key?.kid) && isText(key.since));
  const texts = [email, name, assurance].every(isText) && (revokedAt === null || isText(revokedAt));
  const hasAccount = (account ?? null) === null || (isText(account?.issuer) && isText(account?.subject));
  return texts && isTexts(groups) && hasKeys && (kid === null || isKey(publicKey, kid)) && hasAccount;
}

function isIssuer(value: unknown): boolean {
  const { issuer, audience, keys } = (value ?? {}) as Partial<TrustedIssuer>;
  return isText(issuer) && isText(audience) && Array.isArray(keys) && keys.every((key) => isKey(key?.jwk, key?.kid));
}

function isKey(key: unknown, kid: unknown): boolean {
  return isText(kid) && typeof key === 'object' && key !== null;
}

function accountOf({ account }: Partial<TrustedPerson>): string[] {
  return account ? [`account ${account.subject} at ${account.issuer}`] : [];
}

function kidsOf({ kid, keys = [] }: Partial<TrustedPerson>): string[] {
  return [...new Set([kid, ...keys.map((key) => key.kid)])].filter(isText);
}

function twice(texts: readonly string[]): string | undefined {
  return texts.find((each, i) => texts.indexOf(each) < i);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
