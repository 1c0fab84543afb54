import { randomBytes } from 'node:crypto';
import { ACTS, wrongField, type ActPayload, type ActType } from '../domain/acts.js';
import { CHECKS, evidenceBytes, type Finding } from '../domain/checks.js';
import { actWorkflowId } from '../domain/ids.js';
import type { Refusal } from '../domain/refusal.js';
import { readConfig, type ClientConfig } from '../platform/config.js';
import { sha256 } from '../platform/digest.js';
import type { IdentityProviderConfig } from '../platform/identity-provider.js';
import type { SigningKey } from '../platform/keys.js';
import type { Person } from '../platform/people.js';
import type { ActAnswer } from '../workflows/messages.js';
import { printable, Refused, type Outcome } from './output.js';
import type { Promotions } from './promotions.js';
import { openRecord, shown, type RecordReader } from './record.js';
import { onRecord } from './verdict.js';

/** What a verb that writes stands on: it reads the record, and sends what it signed through Temporal. */
export interface Writing {
  readonly config: ClientConfig;
  readonly record: RecordReader;
  readonly promotions: Promotions;
}

/** How an act is signed where it differs from the usual: received from now until ten minutes from now. */
export interface SigningOptions {
  /** ISO times of the database. */
  readonly issued?: string;
  readonly expires?: string;
  /** Gets exactly what is about to be signed. */
  readonly show?: (payload: ActPayload) => void;
}

const VALID_FOR_MS = 10 * 60_000;
/** A large package takes the worker a while to read; nobody waits this long for anything else. */
const JUDGED_WITHIN_MS = 60_000;

/** Opens record and Temporal side by side, does the work, and closes both; whatever carries a refusal is thrown as a Refused. */
export async function asWriter<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
  const config = readConfig();
  const { connect } = await import('./promotions.js');
  const [record, promotions] = await Promise.allSettled([openRecord(config), connect(config)]);
  try {
    if (record.status === 'rejected') throw record.reason;
    if (promotions.status === 'rejected') throw promotions.reason;
    return await work({ config, record: record.value, promotions: promotions.value });
  } catch (error) {
    throw asRefused(error);
  } finally {
    if (promotions.status === 'fulfilled') await promotions.value.close();
    if (record.status === 'fulfilled') await record.value.close();
  }
}

/** The same error, as a Refused where it carries a refusal of its own (a key file, a file to store). */
export function asRefused(error: unknown): unknown {
  const refusal = error instanceof Error && 'refusal' in error ? (error.refusal as Refusal) : undefined;
  return refusal ? new Refused(refusal) : error;
}

/**
 * Signs an act as `approver` and answers the envelope. Throws a Refused: 2 for a field the record could not read,
 * 4 when the approver is not enrolled, has no usable key, or the key is somebody else's. Whoever has no key signs by a login.
 */
export async function sign(
  config: Pick<ClientConfig, 'keys' | 'keyFile' | 'passphraseFile' | 'identityProvider'>,
  record: RecordReader,
  act: ActType,
  fields: Readonly<Record<string, string | number>>,
  approver: string,
  { issued, expires, show }: SigningOptions = {},
): Promise<string> {
  const { allPeople } = await import('../platform/people.js');
  const { signEnvelope } = await import('../platform/envelope.js');
  const email = approver.trim().toLowerCase();
  if (email === '') throw new Refused({ kind: 'usage', what: '--approver', given: 'nothing', allowed: 'your e-mail address' });
  const people = await allPeople(record.db);
  const person = people.find((each) => each.email === email);
  const provider = loginOf(config, act, person);
  const printedName =
    person?.printedName ?? (provider && (await (await import('./sign-in/signer.js')).nameByLogin(email, provider)));
  if (printedName === undefined)
    throw new Refused({
      kind: 'identity',
      what: '--approver',
      given: shown(approver),
      allowed: 'the e-mail address of an enrolled person',
    });
  const key = provider ? undefined : await ownKey(config, people, email);
  const { rows } = await record.db.query<{ id: string; environment: string; now: string }>(
    'SELECT id, environment, gatehouse_now() AS now FROM installation',
  );
  const from = issued ?? rows[0]?.now ?? '';
  const payload: ActPayload = {
    typ: ACTS[act].typ,
    ...fields,
    installation: rows[0]?.id ?? '',
    environment: rows[0]?.environment ?? '',
    person: email,
    printed_name: printedName,
    nonce: newNonce(),
    issued: from,
    expires: expires ?? new Date(Date.parse(from) + VALID_FOR_MS).toISOString(),
  };
  const wrong = wrongField(act, payload);
  if (wrong !== undefined) throw new Refused({ kind: 'usage', what: wrong, next: 'see --help' });
  show?.(payload);
  if (provider) return await (await import('./sign-in/signer.js')).signByLogin(payload, provider);
  return await signEnvelope(payload, key as SigningKey);
}

/** Where the approver signs in, if that is how they sign: nobody with a key of their own does. */
function loginOf(
  { keyFile, identityProvider }: Pick<ClientConfig, 'keyFile' | 'identityProvider'>,
  act: ActType,
  person: Person | undefined,
): IdentityProviderConfig | undefined {
  if (keyFile !== undefined || (person && !person.account)) return undefined;
  if (act === 'checkpoint')
    throw new Refused({ kind: 'identity', what: 'a checkpoint is signed with a key', next: 'name a key in GATEHOUSE_KEY' });
  if (!identityProvider && person)
    throw new Refused({
      kind: 'identity',
      what: `${person.email} signs in at ${person.account?.issuer}`,
      given: 'no identity provider',
      next: 'set GATEHOUSE_OIDC_ISSUER and GATEHOUSE_OIDC_CLIENT_ID',
    });
  return identityProvider;
}

async function ownKey(
  config: Pick<ClientConfig, 'keys' | 'keyFile' | 'passphraseFile'>,
  people: readonly Person[],
  email: string,
): Promise<SigningKey> {
  const { keyPath, loadKey } = await import('../platform/keys.js');
  const path = config.keyFile ?? keyPath(config.keys, email);
  const { passphraseFrom } = await import('./passphrase.js');
  const key = await loadKey(path, passphraseFrom(config));
  const owner = people.find(({ kid }) => kid === key.kid);
  if (owner?.email !== email) {
    const belongs = owner ? `the key belongs to ${owner.email}` : "the key is nobody's on the record";
    throw new Refused({
      kind: 'identity',
      what: `--approver says ${email}, ${belongs}`,
      given: path,
      allowed: 'your own enrolled key',
    });
  }
  return key;
}

/** A nonce for one signature: 16 random bytes. */
export function newNonce(): string {
  return randomBytes(16).toString('base64url');
}

/** Signs one act, sends it, and answers its verdict. */
export async function sendAct(
  writing: Writing,
  act: ActType,
  fields: Readonly<Record<string, string | number>>,
  approver: string,
): Promise<ActAnswer> {
  return (await sendSigned(writing, act, fields, approver)).answer;
}

/** The same, for who keeps what was signed as well. */
export async function sendSigned(
  { config, record, promotions }: Writing,
  act: ActType,
  fields: Readonly<Record<string, string | number>>,
  approver: string,
): Promise<{ readonly envelope: string; readonly answer: ActAnswer }> {
  const envelope = await sign(config, record, act, fields, approver);
  const summary = [act, fields['model'], fields['version'], 'by', approver].filter(Boolean).join(' ');
  await promotions.act(envelope, { timeoutMs: JUDGED_WITHIN_MS, summary });
  return { envelope, answer: await onRecord(record.db, sha256(envelope)) };
}

/** What a verb prints about an act: its result, or why it was refused. */
export function actOutcome(answer: ActAnswer, text: string): Outcome {
  const document = { ok: answer.accepted, workflowId: actWorkflowId(answer.hash), ...answer.result };
  return answer.refusal ? { document, text: '', refusal: answer.refusal } : { document, text };
}

/** The evidence digest, computed from what is shown; throws a Refused (4) when the statement was made over other evidence. */
export function digestOfShown(evidence: readonly Finding[], stated: string): string {
  const digest = sha256(evidenceBytes(evidence));
  if (digest === stated) return digest;
  const what = 'the statement was not made over this evidence';
  throw new Refused({ kind: 'identity', what, given: stated, allowed: digest, next: 'do not sign; see gatehouse check' });
}

/** A decision's statement as a reviewer reads it: every field that is signed, and the evidence with its figures and limits. */
export function statementText(payload: ActPayload, evidence: readonly Finding[]): string {
  const width = Math.max(...Object.keys(payload).map((name) => name.length));
  const fields = Object.entries(payload).map(([name, value]) => `  ${name.padEnd(width)}  ${printable(String(value))}`);
  const ordered = CHECKS.flatMap((check) => evidence.filter((finding) => finding.check === check));
  const findings = ordered.flatMap(({ check, verdict, measured, limit, source, reason }) => [
    `  ${check}: ${verdict}${reason && `, ${printable(reason)}`}`,
    ...figuresOf(measured, limit).map((figure) => `      ${printable(figure)}`),
    `      from ${printable(source)}`,
  ]);
  return ['You sign this statement:', ...fields, 'over this evidence (evidence_digest is computed from it):', ...findings].join(
    '\n',
  );
}

function figuresOf(measured: Finding['measured'], limit: Finding['limit']): string[] {
  const names = [...new Set([...Object.keys(measured), ...Object.keys(limit)])];
  return names.map(
    (name) => `${name} ${measured[name] ?? 'not measured'}${limit[name] === undefined ? '' : `, asked for ${limit[name]}`}`,
  );
}
