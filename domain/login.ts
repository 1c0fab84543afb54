import type { Refusal } from './refusal.js';

/** What an identity provider says in an ID token, as its text has it. */
export type Claims = Readonly<Record<string, unknown>>;

/** Whom a login proves, and what they signed by it. */
export interface LoginFor {
  /** The provider whose tokens count, exactly as it names itself. */
  readonly issuer: string;
  /** The client that the token has to be made for. */
  readonly clientId: string;
  /** What was signed, as {@link Claims} have to repeat it: base64url of its SHA-256. */
  readonly nonce: string;
  /** The e-mail address that the signed act names. */
  readonly person: string;
}

/** Who logged in, by the provider's word. */
export interface Login {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string;
  readonly name: string;
  /** Sorted, each once. */
  readonly groups: readonly string[];
}

/** A login may be this old when its act is judged: the provider is asked for one no older, and clocks differ. */
export const LOGIN_MAX_AGE_S = 300;
export const CLOCK_SKEW_S = 30;

const SUBJECT = /^[\x20-\x7e]{1,255}$/;
const GROUP = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u;
const NAME = /^(?=.*\S)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u;
const GROUPS_AT_MOST = 500;

/**
 * Why a token proves nothing of this act by this person, or undefined: iss, aud, azp, nonce, sub, email_verified, email.
 * It holds for ever; whether the login was fresh when the act came in is {@link staleLogin}.
 */
export function foreignLogin(claims: Claims, expected: LoginFor): Refusal | undefined {
  const { issuer, clientId, nonce, person } = expected;
  if (claims['iss'] !== issuer) return wrong('iss', claims['iss'], issuer, 'sign in at the configured provider');
  const audience: readonly unknown[] = Array.isArray(claims['aud']) ? claims['aud'] : [claims['aud']];
  if (!audience.includes(clientId)) return wrong('aud', claims['aud'], clientId);
  const { azp } = claims;
  // A token for several clients says which of them asked for it (OpenID Connect Core §3.1.3.7).
  if (azp === undefined ? audience.length > 1 : azp !== clientId) return wrong('azp', azp, clientId);
  if (claims['nonce'] !== nonce)
    return wrong('nonce', claims['nonce'], nonce, 'a login signs one statement; sign in again for this one');
  const { sub, email } = claims;
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) return wrong('sub', sub, '1–255 printable ASCII characters');
  if (claims['email_verified'] !== true)
    return wrong('email_verified', claims['email_verified'], 'true', 'have the provider verify the address');
  if (typeof email !== 'string' || email.toLowerCase() !== person)
    return wrong('email', email, person, 'sign in as the person who signs');
  return undefined;
}

/** Why a login is not of now, or undefined: exp, nbf, auth_time. `nowS` is the real time in seconds by `clock`, the database's. */
export function staleLogin(claims: Claims, nowS: number, clock = "the database's time"): Refusal | undefined {
  const now = `${clock} ${iso(nowS)}`;
  const { exp, nbf, auth_time: authTime } = claims;
  if (!isTime(exp) || nowS >= exp + CLOCK_SKEW_S) return wrong('exp', shownTime(exp), `after ${now}`);
  if (nbf !== undefined && (!isTime(nbf) || nowS < nbf - CLOCK_SKEW_S)) return wrong('nbf', shownTime(nbf), `not after ${now}`);
  if (!isTime(authTime) || nowS - authTime > LOGIN_MAX_AGE_S + CLOCK_SKEW_S || authTime > nowS + CLOCK_SKEW_S)
    return wrong('auth_time', shownTime(authTime), `within ${LOGIN_MAX_AGE_S} s before ${now}`);
  return undefined;
}

/**
 * What of {@link staleLogin} is left to whoever verifies years later without a clock of the record: why a login was not fresh when
 * the provider signed it (iat), or undefined. `signed` has the ISO times of the act where they are of the real clock; the token
 * was made while the act could come in.
 */
export function staleWhenMade(
  claims: Claims,
  signed?: { readonly issued: string; readonly expires: string },
): Refusal | undefined {
  const { iat } = claims;
  if (!isTime(iat)) return wrong('iat', iat, 'when the provider signed it');
  const stale = staleLogin(claims, iat, 'its iat');
  if (stale || !signed) return stale;
  const [from, to] = [Date.parse(signed.issued) / 1_000, Date.parse(signed.expires) / 1_000];
  const apart = LOGIN_MAX_AGE_S + CLOCK_SKEW_S;
  if (iat >= from - apart && iat <= to + apart) return undefined;
  return wrong('iat', iso(iat), `within ${apart} s of the act, ${signed.issued} to ${signed.expires}`);
}

/** Who a token of {@link LoginFor} is about; refused where it lacks their name or their groups. */
export function loginOf(claims: Claims, groupsClaim: string): Login | Refusal {
  const { iss, sub, email, name } = claims;
  if (typeof name !== 'string' || !NAME.test(name)) return wrong('name', name, 'the printed name, 1–200 characters');
  const given = claims[groupsClaim];
  const groups: readonly unknown[] | undefined = Array.isArray(given) ? given : typeof given === 'string' ? [given] : undefined;
  if (!groups || groups.length > GROUPS_AT_MOST || !groups.every((group) => typeof group === 'string' && GROUP.test(group))) {
    const allowed = `a list of at most ${GROUPS_AT_MOST} names`;
    return wrong(groupsClaim, given, allowed, 'have the provider put the groups into the ID token');
  }
  const sorted = [...new Set(groups as readonly string[])].sort();
  return {
    issuer: String(iss),
    subject: String(sub),
    email: String(email).toLowerCase(),
    name: name.replace(/^ +| +$/g, ''),
    groups: sorted,
  };
}

function wrong(claim: string, given: unknown, allowed: string, next = 'sign in and sign again'): Refusal {
  return { kind: 'identity', what: `ID token ${claim}`, given: shown(given), allowed, next };
}

function shown(given: unknown): string {
  return given === undefined ? 'none' : (typeof given === 'string' ? given : JSON.stringify(given)).slice(0, 200);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 1e11;
}

function shownTime(value: unknown): unknown {
  return isTime(value) ? iso(value) : value;
}

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
