import type { ActType } from '../../domain/acts.js';
import type { Refusal } from '../../domain/refusal.js';
import { databaseNow } from '../../platform/audit.js';
import { sha256 } from '../../platform/digest.js';
import { openEnvelope, verifySignature, type OpenedEnvelope } from '../../platform/envelope.js';
import { personByAccount, personByKey, type Person } from '../../platform/people.js';
import { inTransaction, type Tx } from '../../platform/pool.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { attemptAct } from './acts/attempt-act.js';
import { breakGlass } from './acts/break-glass.js';
import { retire, rollBack } from './acts/by-hand.js';
import { recordCheckpoint } from './acts/checkpoint.js';
import { decideOn } from './acts/decision.js';
import { freezePromotions } from './acts/freeze.js';
import { holdServing } from './acts/hold.js';
import { releaseVersion } from './acts/release.js';
import { resolveVersion } from './acts/resolve.js';
import { enrolPerson } from './acts/enrol.js';
import { promoteNow } from './acts/promote.js';
import { registerDataset } from './acts/dataset.js';
import { registerFeatureView } from './acts/feature-view.js';
import { registerPolicy } from './acts/policy.js';
import { registerVersion } from './acts/register.js';
import { requestPromotion } from './acts/request.js';
import { revokePerson } from './acts/revoke.js';
import { rotateKey } from './acts/rotate.js';
import { sendOut } from '../notify/notices.js';
import type { Applied, ApplyAct, SignedAct } from './applied.js';
import { admitSigner, loginUsed, type Admitted } from './admission.js';
import { formerSigner, notCredible, unknownSigner } from './credible.js';
import type { Deps } from './deps.js';
import { mustStillBeEntitled, RightGone } from './entitled.js';
import { answerBefore, keep, KeptMeanwhile } from './kept.js';
import { settle } from './settle.js';
import { loggable } from '../failures.js';

/** One function per act of `domain/acts.ts`: there is no second way to write. */
const APPLY: Readonly<Record<ActType, ApplyAct>> = {
  policy: registerPolicy,
  'feature-view': registerFeatureView,
  dataset: registerDataset,
  register: registerVersion,
  request: requestPromotion,
  promote: promoteNow,
  decision: decideOn,
  extend: attemptAct('extend'),
  pause: attemptAct('pause'),
  resume: attemptAct('resume'),
  withdraw: attemptAct('withdraw'),
  repin: attemptAct('repin'),
  'break-glass': breakGlass,
  freeze: freezePromotions,
  hold: holdServing,
  release: releaseVersion,
  retire,
  rollback: rollBack,
  checkpoint: recordCheckpoint,
  resolve: resolveVersion,
  enrol: enrolPerson,
  revoke: revokePerson,
  rotate: rotateKey,
};

/** The acts that change who may act: judged one at a time, each before or after what the others have changed. */
const ABOUT_PEOPLE: readonly ActType[] = ['enrol', 'revoke', 'rotate', 'policy'];

/** The subject of what nobody known has signed. */
const UNKNOWN = 'unknown';

/**
 * Applies a signed envelope once: verifies it, judges it, writes it with its audit event in one transaction.
 * The same envelope again answers what it answered before; a refusal is recorded with its reason.
 */
export async function applyEnvelope(deps: Deps, jws: string, toRun: string | null = null): Promise<ActAnswer> {
  const opened = openEnvelope(jws);
  // The identity provider is asked before anything is locked.
  const admitted = opened.ok ? await admitSigner(deps, opened.envelope) : undefined;
  const receive = () =>
    opened.ok ? applyOpened(deps, opened.envelope, admitted, toRun) : recordUnreadable(deps, jws, opened.refusal, toRun);
  try {
    return await receive();
  } catch (error) {
    if (!(error instanceof KeptMeanwhile) && !(error instanceof RightGone)) throw error;
    return receive();
  }
}

async function applyOpened(deps: Deps, envelope: OpenedEnvelope, admitted: Admitted, toRun: string | null): Promise<ActAnswer> {
  const { answer, applied, notices } = await inTransaction(deps.pool, async (tx) => {
    const before = await answerBefore(tx, envelope.hash);
    if (before) return { answer: before, applied: undefined, notices: [] };
    if (ABOUT_PEOPLE.includes(envelope.act)) await tx.query(`SELECT FROM work_lock WHERE name = 'people' FOR UPDATE`);
    const signer = await signerOf(tx, envelope, admitted);
    const person = 'refusal' in signer ? undefined : signer;
    const at = await databaseNow(tx);
    const result: Applied = 'refusal' in signer ? signer : await judged(tx, deps, envelope, { person: signer, at, toRun });
    const reply = answerOf(envelope.hash, result);
    await keep(tx, {
      envelope,
      person: person?.email ?? null,
      at,
      // What an unknown signer claims to be about is not believed, not even as a name.
      subject: result.subject ?? toRun ?? (person ? subjectOf(envelope) : UNKNOWN),
      answer: reply,
    });
    // Only now: an act counts once its envelope is on the record.
    const told = await effectsOf(tx, result);
    if (person && !result.refusal) await mustStillBeEntitled(tx, envelope, person);
    return { answer: reply, applied: result, notices: told };
  });
  // What serves comes before what is told: no notification holds up a rollback (rules §4).
  if (applied && !applied.refusal) await afterCommit(deps, applied);
  await sendOut(deps, notices);
  return answer;
}

/** What an act comes to whose signature holds. */
async function judged(
  tx: Tx,
  deps: Deps,
  envelope: OpenedEnvelope,
  received: Pick<SignedAct, 'person' | 'at' | 'toRun'>,
): Promise<Applied> {
  const { hash, payload, act } = envelope;
  const refusal = await notCredible(tx, envelope, received.person, received.at);
  return refusal ? { refusal } : await APPLY[act](tx, { ...received, hash, payload }, deps);
}

/** Who signed, held as they are until the transaction ends. */
async function signerOf(tx: Tx, envelope: OpenedEnvelope, admitted: Admitted): Promise<Person | { readonly refusal: Refusal }> {
  if (admitted && 'refusal' in admitted) return admitted;
  const refusal = unknownSigner(envelope);
  if (admitted) {
    const { issuer, subject } = admitted.account;
    await tx.query('SELECT lock_account($1, $2)', [issuer, subject]);
    const again = await loginUsed(tx, envelope);
    return again ? { refusal: again } : ((await personByAccount(tx, admitted.account)) ?? { refusal });
  }
  await tx.query('SELECT lock_signer($1)', [envelope.kid]);
  const signer = envelope.login ? undefined : await personByKey(tx, envelope.kid);
  if (!signer) return { refusal: await formerSigner(tx, envelope) };
  return (await verifySignature(envelope.jws, signer.publicKey)) ? signer : { refusal };
}

async function effectsOf(tx: Tx, result: Applied): Promise<readonly string[]> {
  const due = result.notices ?? [];
  if (result.refusal) return due;
  const told = (await result.effect?.(tx)) ?? [];
  const settled = result.settle === undefined ? undefined : await settle(tx, result.settle);
  return [...due, ...told, ...(settled?.notices ?? [])];
}

function answerOf(hash: string, applied: Applied): ActAnswer {
  return applied.refusal
    ? { accepted: false, hash, refusal: applied.refusal, result: {} }
    : { accepted: true, hash, refusal: null, result: applied.result };
}

function subjectOf({ act, payload }: OpenedEnvelope): string {
  const named = payload['promotion'] ?? [payload['model'], payload['version']].filter(Boolean).join('/');
  return String(named || act);
}

async function recordUnreadable({ pool }: Deps, jws: string, refusal: Refusal, toRun: string | null): Promise<ActAnswer> {
  const answer: ActAnswer = { accepted: false, hash: sha256(jws), refusal, result: {} };
  await inTransaction(pool, async (tx) => {
    if (await answerBefore(tx, answer.hash)) return;
    const envelope = { hash: answer.hash, jws, act: 'unreadable' };
    await keep(tx, { envelope, person: null, at: await databaseNow(tx), subject: toRun ?? UNKNOWN, answer });
  });
  return answer;
}

async function afterCommit({ runs, log }: Deps, applied: Exclude<Applied, { refusal: Refusal }>): Promise<void> {
  try {
    if (applied.follow) await runs.follow(applied.follow);
    if (applied.ensureRun !== undefined) await runs.ensure(applied.ensureRun);
    for (const promotionId of applied.nudge ?? []) await runs.nudge(promotionId);
  } catch (error) {
    log('warn', 'a run was not told of this act and will find it at its next look', {
      subject: applied.subject,
      ...loggable(error),
    });
  }
}
