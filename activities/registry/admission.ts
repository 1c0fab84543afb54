import { admit } from '../../domain/account.js';
import { GATEHOUSE, type AuditAction } from '../../domain/audit.js';
import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import type { Login } from '../../domain/login.js';
import type { Refusal } from '../../domain/refusal.js';
import type { Account } from '../../domain/trust.js';
import { appendAudit, databaseNow, nextAuditBody } from '../../platform/audit.js';
import { sha256 } from '../../platform/digest.js';
import type { OpenedEnvelope } from '../../platform/envelope.js';
import { enrollees } from '../../platform/enrolment.js';
import { thumbprint } from '../../platform/keys.js';
import { allPeople, type Person } from '../../platform/people.js';
import { inTransaction, type Tx } from '../../platform/pool.js';
import { loggable } from '../failures.js';
import { verifyLogin, type VerifiedLogin } from '../identity/verify-login.js';
import { attemptsWith, personSubject } from './acts/person.js';
import { notCredible } from './credible.js';
import type { Deps } from './deps.js';
import { answerBefore } from './kept.js';

/** Whose login signed an act: an account on the record, or why it is nobody's; undefined for an act that is answered already. */
export type Admitted = { readonly account: Account } | { readonly refusal: Refusal } | undefined;

/**
 * Learns from the login that an act is signed by, in a transaction of its own before the act is judged: the provider's key,
 * somebody new, or somebody's groups as they are now. Throws `Away` when the provider cannot be asked; then nothing is decided.
 */
export async function admitSigner(deps: Deps, envelope: OpenedEnvelope): Promise<Admitted> {
  const { login } = envelope;
  if (!login || (await inTransaction(deps.pool, (tx) => answerBefore(tx, envelope.hash)))) return undefined;
  const verified = await verifyLogin(deps.pool, deps.identityProvider, { ...envelope, login });
  if (!('login' in verified)) return { refusal: verified };
  const { admitted, held } = await inTransaction(deps.pool, (tx) => admitIn(tx, deps, envelope, verified));
  for (const promotionId of held) await nudge(deps, promotionId);
  return admitted;
}

/** Why a login does not sign a second time: another text can prove the same, and would be another act. */
export async function loginUsed(tx: Tx, { jws }: OpenedEnvelope): Promise<Refusal | undefined> {
  const { rows } = await tx.query<{ hash: string }>(
    `SELECT hash FROM envelope WHERE accepted AND strpos(jws, '~') > 0
        AND sha256((split_part(jws, '.', 1) || '.' || split_part(jws, '.', 2))::bytea) = sha256(convert_to($1, 'UTF8'))`,
    [jws.split('.', 2).join('.')],
  );
  const [before] = rows;
  return (
    before && { kind: 'conflict', what: 'this login has signed this act already', given: before.hash, next: 'nothing to do' }
  );
}

async function admitIn(tx: Tx, { identityProvider }: Deps, envelope: OpenedEnvelope, verified: VerifiedLogin) {
  const { login } = verified;
  const account = { issuer: login.issuer, subject: login.subject };
  const nobody = (refusal: Refusal) => ({ admitted: { refusal }, held: [] });
  await tx.query(`SELECT FROM work_lock WHERE name = 'people' FOR UPDATE`);
  const people = await allPeople(tx);
  const isByLogin = (email: string): boolean => people.find((each) => each.email === email)?.assurance === 'oidc';
  const holders = (await enrollees(tx)).map((each) => ({ ...each, isByLogin: isByLogin(each.email) }));
  const admission = admit(login, holders);
  if (admission.kind === 'refused') return nobody(admission.refusal);
  if (admission.kind === 'new') {
    // Whoever signed for another place or time, or may not do this at all, is not put on the record by it.
    const wrong = await notCredible(tx, envelope, asPerson(login), await databaseNow(tx));
    if (wrong) return nobody(wrong);
  }
  await keepKey(tx, verified, identityProvider?.clientId ?? '');
  if (admission.kind === 'known' && (!admission.isRegrouped || (await isLearnt(tx, verified))))
    return { admitted: { account }, held: [] };
  const action = admission.kind === 'new' ? 'person.enrolled' : 'person.regrouped';
  await learn(tx, action, verified, identityProvider?.groupsClaim ?? '');
  return { admitted: { account }, held: admission.kind === 'new' ? [] : await attemptsWith(tx, login.email) };
}

/** What a login said is learnt once: a later one may have said otherwise before this one's act was judged. */
async function isLearnt(tx: Tx, { token }: VerifiedLogin): Promise<boolean> {
  return (await tx.query('SELECT FROM login WHERE hash = $1', [sha256(token.text)])).rowCount !== 0;
}

async function learn(tx: Tx, action: AuditAction, { login, token }: VerifiedLogin, claim: string): Promise<void> {
  const { issuer, subject, email, name, groups } = login;
  const hash = sha256(token.text);
  await tx.query('INSERT INTO login (hash, id_token) VALUES ($1, $2)', [hash, token.text]);
  const detail = { name, groups, issuer, subject, assurance: 'oidc', by: issuer, kind: 'login', login: hash, claim };
  const body = await nextAuditBody(tx, { action, actor: GATEHOUSE, subject: personSubject(email), detail });
  await tx.query('SELECT admit_account($1, $2)', [hash, body]);
}

/** The key stays on the record, and its first appearance on the trail: what it signed is verified long after the provider dropped it. */
async function keepKey(tx: Tx, { login: { issuer }, token: { kid }, key: jwk }: VerifiedLogin, audience: string): Promise<void> {
  const name = await thumbprint(jwk);
  const known = await tx.query('SELECT FROM identity_key WHERE issuer = $1 AND audience = $2 AND kid = $3 AND thumbprint = $4', [
    issuer,
    audience,
    kid,
    name,
  ]);
  if (known.rowCount !== 0) return;
  const at = await databaseNow(tx);
  await tx.query(
    'INSERT INTO identity_key (issuer, audience, kid, thumbprint, jwk, first_seen) VALUES ($1, $2, $3, $4, $5, $6)',
    [issuer, audience, kid, name, canonicalJson(jwk as JsonValue), at],
  );
  const detail = { issuer, audience, kid, jwk: jwk as JsonValue, firstSeen: at };
  await appendAudit(tx, { action: 'issuer.key-seen', actor: GATEHOUSE, subject: `issuer-key/${name}`, detail });
}

function asPerson({ issuer, subject, email, name, groups }: Login): Person {
  const never = '';
  return {
    email,
    printedName: name,
    groups,
    kid: null,
    publicKey: null,
    account: { issuer, subject },
    assurance: 'oidc',
    enrolledBy: issuer,
    enrolledAt: never,
    standsSince: never,
    revokedAt: null,
    revoked: false,
  };
}

async function nudge({ runs, log }: Deps, promotionId: string): Promise<void> {
  await runs.nudge(promotionId).catch((error: unknown) => {
    log('warn', 'a run was not told of other groups and will find them at its next look', { promotionId, ...loggable(error) });
  });
}
