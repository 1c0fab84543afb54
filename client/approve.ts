/**
 * Signs and sends one approval: the shortest program that does so, for people who script their own.
 *
 *   npx tsx client/approve.ts --promotion alzheimer_classifier/1.2.0/1 --gate devops --key olga.devops@duetmind.example.jwk.json
 *   npx tsx client/approve.ts … --key dana.jwk.json --email dana.lee@example.com --name "Dana Lee"
 *
 * It needs Temporal only (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, or a running stack) and a key file. A demo person's says whose it
 * is; of any other one says its owner, whose passphrase is asked for or in the file that GATEHOUSE_PASSPHRASE_FILE names. What it
 * shows is what it signs; the worker compares every field with the record.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ACTS } from '../domain/acts.js';
import { meaningOf } from '../domain/statement.js';
import { readConfig } from '../platform/config.js';
import { signEnvelope } from '../platform/envelope.js';
import { loadKey } from '../platform/keys.js';
import { plainPem, protectionOf } from '../platform/protected-key.js';
import { print, Refused } from './output.js';
import { passphraseFrom } from './passphrase.js';
import { connect } from './promotions.js';
import { asRefused, digestOfShown, newNonce, statementText } from './signing.js';
import { refusalOf } from './verb.js';

const options = {
  promotion: { type: 'string' },
  gate: { type: 'string' },
  key: { type: 'string' },
  email: { type: 'string' },
  name: { type: 'string' },
  comment: { type: 'string' },
} as const;

const TIMEOUT_MS = 10_000;

async function approve(): Promise<void> {
  const given = parseArgs({ options, strict: false }).values as Partial<Record<keyof typeof options, string>>;
  const { promotion, gate: gateName, key: keyFile, comment = '' } = given;
  if (!promotion || !gateName || !keyFile) throw new Refused({ kind: 'usage', what: '--promotion, --gate and --key are needed' });
  const config = readConfig<never>(process.env, []);
  const key = await loadKey(keyFile, passphraseFrom(config));
  const { email, name } = { ...(await ownerIn(keyFile)), ...given };
  if (!email || !name)
    throw new Refused({ kind: 'usage', what: `${keyFile} does not say whose it is`, next: 'say --email and --name' });

  const promotions = await connect(config);
  const progress = await promotions.progress(promotion);
  const gate = progress?.gates.find((each) => each.gate === gateName);
  if (!progress?.statement || !progress.decideUntil || !gate) {
    throw new Refused({ kind: 'conflict', what: `gate ${gateName} of ${promotion} is not open`, next: 'see gatehouse status' });
  }
  const payload = {
    ...progress.statement,
    typ: ACTS.decision.typ,
    gate: gate.gate,
    decision: 'approve',
    meaning: meaningOf('approve', gate.gate, gate.asks),
    comment,
    evidence_digest: digestOfShown(progress.evidence, progress.statement.evidence_digest),
    person: email,
    printed_name: name,
    nonce: newNonce(),
    issued: progress.asOf,
    expires: progress.decideUntil,
  };
  process.stdout.write(`${statementText(payload, progress.evidence)}\n\n`);

  const envelope = await signEnvelope(payload, key);
  const answer = await promotions.decide(promotion, envelope, TIMEOUT_MS).then(
    (delivered) => delivered.answer,
    (error: unknown) => {
      // Where no run is alive the record judges the decision all the same, as an act of its own.
      if (!(error instanceof Refused) || error.refusal.kind !== 'conflict') throw error;
      return promotions.act(envelope, { timeoutMs: TIMEOUT_MS });
    },
  );
  await promotions.close();
  if (!answer) throw new Refused({ kind: 'away', what: 'delivered, judged when a worker returns', next: 'see gatehouse status' });
  if (answer.refusal) throw new Refused(answer.refusal);
  process.stdout.write(`accepted: gate ${gate.gate} of ${promotion}\n`);
}

/** Whose key it is, where the file says so: what is in a protected one is nobody's to read. */
async function ownerIn(keyFile: string): Promise<{ readonly email?: string; readonly name?: string }> {
  const text = await readFile(keyFile, 'utf8');
  return protectionOf(text) || plainPem(text) ? {} : (JSON.parse(text) as { email?: string; name?: string });
}

await approve().catch((error: unknown) => print({ document: {}, text: '', refusal: refusalOf(asRefused(error)) }, false));
process.stdout.write('', () => process.exit());
