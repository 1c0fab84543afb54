import { applyEnvelope } from '../../activities/registry/apply.js';
import { ACTS, type ActPayload, type ActType } from '../../domain/acts.js';
import type { Gate } from '../../domain/policy.js';
import { meaningOf, statementFields } from '../../domain/statement.js';
import { loadAttempt } from '../../platform/attempt.js';
import { databaseNow } from '../../platform/audit.js';
import { signEnvelope } from '../../platform/envelope.js';
import { signRequest } from '../../platform/enrolment-request.js';
import { generateKey, type SigningKey } from '../../platform/keys.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { AT, type World } from './world.js';

export const ALICE = `alice.admin${AT}`;
export const ANTON = `anton.admin${AT}`;

/** Somebody who wants to be enrolled, with the key they made. */
export interface Applicant {
  readonly email: string;
  readonly name: string;
  readonly key: SigningKey;
  readonly request: string;
}

/** Makes a key and its request. */
export async function applicant(email: string, name: string): Promise<Applicant> {
  const key = await generateKey();
  return { email, name, key, request: await signRequest({ email, name }, key) };
}

/** What an administrator signs to enrol somebody. */
export function enrolling({ email, name, key, request }: Applicant, groups: string, change: ActPayload = {}): ActPayload {
  return { email, name, member_of: groups, key: key.kid, request, issuer: '', subject: '', same_name: '', ...change };
}

/** Has two administrators enrol somebody, and answers what the second was told. */
export async function enrolled(world: World, who: Applicant, groups: string, change: ActPayload = {}): Promise<ActAnswer> {
  const first = await world.act('enrol', ALICE, enrolling(who, groups, change));
  if (first.refusal) throw new Error(JSON.stringify(first.refusal));
  return world.act('enrol', ANTON, enrolling(who, groups, change));
}

/** Signs an act with a key of the test's own rather than a demo person's, and applies it. */
export async function actAs(
  world: World,
  { email, name, key }: Pick<Applicant, 'email' | 'name' | 'key'>,
  act: ActType,
  fields: ActPayload,
): Promise<ActAnswer> {
  const { rows } = await world.db.reader.query<{ id: string; environment: string }>('SELECT id, environment FROM installation');
  const now = await databaseNow(world.db.reader);
  const payload = {
    typ: ACTS[act].typ,
    installation: rows[0]?.id ?? '',
    environment: rows[0]?.environment ?? '',
    person: email,
    printed_name: name,
    nonce: crypto.randomUUID(),
    issued: now,
    expires: new Date(Date.parse(now) + 600_000).toISOString(),
    ...fields,
  };
  return applyEnvelope(world.deps, await signEnvelope(payload, key));
}

/** Decides a gate as somebody who is no demo person, over the statement as the record has it now. */
export async function decideAs(
  world: World,
  who: Pick<Applicant, 'email' | 'name' | 'key'>,
  promotionId: string,
  gate: Gate,
): Promise<ActAnswer> {
  const attempt = await loadAttempt(world.db.reader, promotionId);
  const fields = attempt && statementFields(attempt);
  if (!fields) throw new Error(`${promotionId} has no statement`);
  const meaning = meaningOf('approve', gate, attempt.policy.gates[gate].asks);
  return actAs(world, who, 'decision', { ...fields, gate, decision: 'approve', meaning, comment: '' });
}
