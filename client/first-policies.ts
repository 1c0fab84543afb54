import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codecOf } from '../platform/config.js';
import type { Connection } from '../platform/connection-file.js';
import { packageRoot } from '../platform/entry.js';
import { Refused } from './output.js';
import { readWritten } from './files.js';
import { openRecord, type RecordReader } from './record.js';
import { sendAct } from './signing.js';

const DEFAULTS_FILE = '_defaults.yaml';
const RIGHT = 'admin';

/**
 * Registers each shipped policy whose model has none on the record, by acts of the demo admin, and answers lines to show.
 * Waits for the worker for a minute; throws a Refused when one is not accepted.
 */
export async function registerShippedPolicies(connection: Connection): Promise<string[]> {
  const admin = connection.people.find(({ groups }) => groups.includes(RIGHT));
  if (!admin) return [];
  const record = await openRecord(connection);
  try {
    const missing = await missingPolicies(record);
    return missing.length === 0 ? [] : await register(connection, record, missing, admin.email);
  } finally {
    await record.close();
  }
}

interface ShippedPolicy {
  readonly model: string;
  readonly fileName: string;
  readonly bytes: Buffer;
}

async function missingPolicies({ db }: RecordReader): Promise<ShippedPolicy[]> {
  const { policyModel } = await import('../platform/files/policy-file.js');
  const { rows } = await db.query<{ model: string }>('SELECT DISTINCT model FROM policy');
  const folder = join(packageRoot(), 'policies');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const missing: ShippedPolicy[] = [];
  // The defaults first: every other policy is laid over them.
  for (const fileName of names.sort((a, b) => Number(b === DEFAULTS_FILE) - Number(a === DEFAULTS_FILE))) {
    const { bytes } = await readWritten(join(folder, fileName));
    const named = policyModel(bytes, fileName);
    if (!named.ok) throw new Error(`the shipped ${fileName} is damaged; install Gatehouse again`);
    if (!rows.some(({ model }) => model === named.value)) missing.push({ model: named.value, fileName, bytes });
  }
  return missing;
}

async function register(
  { store, keys, temporal, readUrl }: Connection,
  record: RecordReader,
  policies: readonly ShippedPolicy[],
  admin: string,
): Promise<string[]> {
  const { connect } = await import('./promotions.js');
  const { openStore } = await import('../platform/store.js');
  const { address, namespace, uiUrl } = temporal;
  const place = { namespace, connectionOptions: { address }, uiUrl, ...codecOf() };
  const config = { readUrl, dataDir: '', store, keys, temporal: place };
  const promotions = await connect(config);
  try {
    const lines: string[] = [];
    for (const { model, fileName, bytes } of policies) {
      const { digest } = await openStore(store).putBytes(bytes);
      const answer = await sendAct({ config, record, promotions }, 'policy', { model, file: digest }, admin);
      if (answer.refusal) throw new Refused(answer.refusal);
      lines.push(`registered policies/${fileName}, policy digest ${String(answer.result['policyDigest'])}`);
    }
    return lines;
  } finally {
    await promotions.close();
  }
}
