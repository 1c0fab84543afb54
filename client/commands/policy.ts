import { join } from 'node:path';
import type { Command } from 'commander';
import { canonicalJson } from '../../domain/canonical.js';
import { policyJson, relaxedNumbers, type Policy } from '../../domain/policy.js';
import { recordedPolicy } from '../../domain/policy-sections.js';
import { DEFAULTS } from '../../domain/rights.js';
import { formatDuration } from '../../domain/quantity.js';
import { readConfig } from '../../platform/config.js';
import { sha256 } from '../../platform/digest.js';
import { packageRoot } from '../../platform/entry.js';
import type { NamedText } from '../../platform/files/policy-file.js';
import { problemsOutcome, readWritten } from '../files.js';
import { printable, Refused, type Outcome } from '../output.js';
import { findModel, modelName, openRecord, type RecordReader } from '../record.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';
import { verb } from '../verb.js';

/** What a policy file is held against: the newest defaults, and the guidelines, which are the first. */
interface Base {
  readonly defaults: NamedText;
  readonly guidelines: Policy;
}

const DEFAULTS_FILE = '_defaults.yaml';

/** Adds `policy register`, `policy check` and `policy show`. */
export function policyCommand(program: Command): void {
  const policy = program.command('policy').description('policies, pinned by digest when a promotion starts');
  verb<{ approver: string }>(
    policy,
    'register <file>',
    'put the policy in FILE on the record; it counts for promotions that start later',
    register,
  )
    .requiredOption('--approver <E>', 'who registers it, and whose key signs')
    .addHelpText(
      'after',
      '\nExample:\n  gatehouse policy register examples/alzheimer/policy.yaml --approver alice.admin@duetmind.example',
    );
  verb(
    policy,
    'check <file>',
    'say whether FILE is a valid policy, and in which numbers it is looser than the guidelines',
    check,
  ).addHelpText('after', '\nExample:\n  gatehouse policy check examples/alzheimer/policy.yaml');
  verb<{ modelName: string }>(policy, 'show', 'show the policy that the next promotion of a model would be pinned to', show)
    .requiredOption('--model-name <M>', 'the model')
    .addHelpText('after', '\nExample:\n  gatehouse policy show --model-name alzheimer_classifier');
}

async function register({ approver }: { approver: string }, path: string): Promise<Outcome> {
  const { parsePolicy, policyModel } = await import('../../platform/files/policy-file.js');
  const { bytes, fileName } = await readWritten(path);
  const named = policyModel(bytes, fileName);
  if (!named.ok) return await problemsOutcome(named.problems);
  const model = named.value;
  return await asWriter(async (writing) => {
    const base = await baseOnRecord(writing.record);
    // Without defaults nothing can be said of a model's file; the record then refuses it for that reason.
    const parsed = base || model === DEFAULTS ? parsePolicy(bytes, fileName, base?.defaults) : undefined;
    if (parsed?.ok === false) return await problemsOutcome(parsed.problems);
    const { openStore } = await import('../../platform/store.js');
    const { digest } = await openStore(writing.config.store).putBytes(bytes);
    const answer = await sendAct(writing, 'policy', { model, file: digest }, approver);
    const { policyDigest, relaxed, unchanged } = answer.result;
    const said = unchanged === true ? 'is on the record already' : 'is on the record';
    const numbers = Array.isArray(relaxed) ? (relaxed as string[]) : [];
    return actOutcome(
      answer,
      [`the policy of ${model} ${said}`, `  policy digest  ${String(policyDigest)}`, `  ${strictness(numbers)}`].join('\n'),
    );
  });
}

async function check(_options: object, path: string): Promise<Outcome> {
  const { parsePolicy } = await import('../../platform/files/policy-file.js');
  const { bytes, fileName } = await readWritten(path);
  const onRecord = await baseIfReachable();
  const base = onRecord ?? (await shippedBase());
  const parsed = parsePolicy(bytes, fileName, base.defaults);
  if (!parsed.ok) return await problemsOutcome(parsed.problems);
  const policy = parsed.value;
  const relaxed = relaxedNumbers(policy, base.guidelines);
  const policyDigest = sha256(canonicalJson(policyJson(policy)));
  const over = onRecord ? 'the newest _defaults on the record' : `policies/${DEFAULTS_FILE}, since no record can be reached`;
  const text = [
    `${printable(fileName)} is a valid policy for ${policy.model}`,
    `  laid over      ${over}`,
    `  policy digest  ${policyDigest}`,
    `  ${strictness(relaxed)}`,
  ];
  return {
    document: { ok: true, model: policy.model, policyDigest, relaxed, defaults: onRecord ? 'record' : DEFAULTS_FILE },
    text: text.join('\n'),
  };
}

async function show({ modelName: given }: { modelName: string }): Promise<Outcome> {
  const model = modelName(given);
  const record = await openRecord(readConfig());
  try {
    const { rows } = await record.db.query<{
      model: string;
      digest: string;
      effective: string;
      relaxed: string[];
      at: string;
      person: string;
    }>(
      `SELECT p.model, p.digest, p.effective, p.relaxed, p.registered_at AS at, e.person
         FROM policy p JOIN envelope e ON e.hash = p.envelope
        WHERE p.model IN ($1, '${DEFAULTS}') ORDER BY p.model = $1 DESC, p.seq DESC LIMIT 1`,
      [model],
    );
    const row = rows[0];
    if (row?.model !== model) await findModel(record.db, model);
    if (!row)
      throw new Refused({
        kind: 'usage',
        what: 'no policy is on the record',
        next: `gatehouse policy register policies/${DEFAULTS_FILE}`,
      });
    const { digest, relaxed, at, person } = row;
    const policy = recordedPolicy(row.effective);
    const own = row.model === model ? `the policy of ${model}` : `${model} has no policy of its own; the defaults count`;
    const head = [own, `  policy digest  ${digest}`, `  registered     ${at} by ${person}`, `  ${strictness(relaxed)}`];
    const document = { model, from: row.model, policyDigest: digest, registeredAt: at, registeredBy: person, relaxed, policy };
    return { document, text: [...head, ...numbersOf(policy, [])].join('\n') };
  } finally {
    await record.close();
  }
}

function strictness(relaxed: readonly string[]): string {
  return relaxed.length === 0
    ? "as strict as the guidelines' numbers, or stricter"
    : `RELAXED, looser than the guidelines in: ${relaxed.join(', ')}`;
}

async function baseOnRecord({ db }: RecordReader): Promise<Base | undefined> {
  const { rows } = await db.query<{ file_text: string; effective: string }>(
    'SELECT file_text, effective FROM policy WHERE model = $1 ORDER BY seq',
    [DEFAULTS],
  );
  const [first, newest] = [rows[0], rows.at(-1)];
  if (!first || !newest) return undefined;
  return { defaults: { text: newest.file_text, fileName: DEFAULTS_FILE }, guidelines: recordedPolicy(first.effective) };
}

async function baseIfReachable(): Promise<Base | undefined> {
  try {
    const record = await openRecord(readConfig());
    try {
      return await baseOnRecord(record);
    } finally {
      await record.close();
    }
  } catch {
    return undefined;
  }
}

async function shippedBase(): Promise<Base> {
  const { parsePolicy } = await import('../../platform/files/policy-file.js');
  const { bytes } = await readWritten(join(packageRoot(), 'policies', DEFAULTS_FILE));
  const parsed = parsePolicy(bytes, DEFAULTS_FILE);
  if (!parsed.ok) throw new Error(`the shipped ${DEFAULTS_FILE} is damaged; install Gatehouse again`);
  return { defaults: { text: bytes, fileName: DEFAULTS_FILE }, guidelines: parsed.value };
}

const DURATIONS = /^(soak\.(min|max|remind_before)|watch\.(every|window)|rollback\.cooldown|.*\.?latency_p95(\.max)?)$/;

/** Each number on a line of its own, durations as people write them. */
function numbersOf(value: unknown, path: readonly string[]): string[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => numbersOf(inner, [...path, key]));
  }
  const name = path.join('.');
  const written = (each: unknown) => (typeof each === 'number' && DURATIONS.test(name) ? formatDuration(each) : String(each));
  return [`  ${printable(`${name}: ${Array.isArray(value) ? value.map(written).join(', ') : written(value)}`)}`];
}
