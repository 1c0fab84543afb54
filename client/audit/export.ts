import { readConfig } from '../../platform/config.js';
import { sha256 } from '../../platform/digest.js';
import { verifyIn } from '../../platform/read/audit-verify.js';
import { readBundle } from '../../platform/read/bundle.js';
import { inSnapshot } from '../../platform/read/snapshot.js';
import { promotionId } from '../../domain/ids.js';
import { Refused, type Outcome } from '../output.js';
import { writeOut } from '../out-file.js';
import { findVersion, modelName, openRecord, shown, versionName } from '../record.js';
import { asRefused } from '../signing.js';
import { fileText } from './file-text.js';
import { trailRefusal } from './verify.js';

interface Options {
  readonly modelName: string;
  readonly version: string;
  readonly attempt?: string;
  readonly out?: string;
}

/** How `audit export` is called. */
export const EXPORT_EXAMPLE = `
Example:
  gatehouse audit export --model-name alzheimer_classifier --version 1.2.0 --out bundle.json
  node docs/verify-bundle.mjs bundle.json`;

/** Writes everything that proves one promotion; nothing of others, and the same bytes for the same record. */
export async function exportPromotion(options: Options): Promise<Outcome> {
  const named = { model: modelName(options.modelName), version: versionName(options.version) };
  const attempt = options.attempt === undefined ? undefined : attemptNumber(options.attempt);
  const config = readConfig();
  const { db, close } = await openRecord(config);
  try {
    const known = await findVersion(db, named);
    if (!known.attempt) {
      const next = 'gatehouse promote asks for one';
      throw new Refused({ kind: 'usage', what: `${known.model} ${known.version} has no attempt to export`, next });
    }
    const newest = Number(known.attempt.id.split('/').at(-1));
    if (attempt !== undefined && attempt > newest) throw new Refused(noSuchAttempt(String(attempt), newest));
    const id = promotionId(named, attempt ?? newest);
    const { openStore } = await import('../../platform/store.js');
    const store = openStore(config.store);
    const { report, bundle } = await inSnapshot(db, async (snapshot) => {
      const verified = await verifyIn(snapshot);
      return { report: verified, bundle: verified.ok ? await readBundle(snapshot, store, id) : undefined };
    });
    if (!bundle) return { document: { ...report }, text: '', refusal: trailRefusal(report) };
    return await written(bundle, id, options.out);
  } catch (error) {
    throw asRefused(error);
  } finally {
    await close();
  }
}

async function written(bundle: Awaited<ReturnType<typeof readBundle>>, id: string, out?: string): Promise<Outcome> {
  const text = fileText({ ...bundle, digest: sha256(fileText(bundle).trimEnd()) });
  // What is printed is the file itself, byte for byte.
  if (out === undefined) return { document: null, text: text.trimEnd() };
  await writeOut(out, text);
  const { events, envelopes, contents } = bundle;
  const counts = { events: events.length, envelopes: envelopes.length, contents: Object.keys(contents).length };
  const said = `${id}: ${counts.events} events, ${counts.envelopes} signed acts, ${counts.contents} signed contents`;
  return {
    document: { ok: true, promotionId: id, out, sha256: sha256(text), bytes: text.length, ...counts },
    text: [said, `  bundle  ${out}`, `  SHA-256 ${sha256(text)}`, 'Verify it anywhere: node docs/verify-bundle.mjs FILE'].join(
      '\n',
    ),
  };
}

function attemptNumber(given: string): number {
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new Refused({ kind: 'usage', what: '--attempt', given: shown(given), allowed: 'a whole number from 1' });
}

function noSuchAttempt(given: string, newest: number) {
  const allowed = newest === 1 ? '1' : `1 to ${newest}`;
  return { kind: 'usage', what: '--attempt', given, allowed, next: 'see gatehouse history' } as const;
}
