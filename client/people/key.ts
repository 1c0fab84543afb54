import { resolve } from 'node:path';
import { misleading } from '../../domain/one-person.js';
import { readKeysConfig } from '../../platform/config.js';
import { keyPath } from '../../platform/keys.js';
import { makeKey, writeRequest } from '../new-key.js';
import { Refused, type Outcome } from '../output.js';
import { newPassphrase } from '../passphrase.js';
import { asRefused } from '../signing.js';

/** What `people key` is told. */
export interface KeyOptions {
  readonly email: string;
  readonly name: string;
  readonly out?: string;
}

/** Makes a protected key and the request for its enrolment; needs neither record nor Temporal. */
export async function makeKeyAndRequest(options: KeyOptions): Promise<Outcome> {
  const who = { email: options.email.trim().toLowerCase(), name: options.name.trim() };
  const wrong = misleading(who);
  if (wrong) throw new Refused({ ...wrong, kind: 'usage' });
  try {
    const config = readKeysConfig();
    const file = options.out === undefined ? keyPath(config.keys, who.email) : resolve(options.out);
    const key = await makeKey(file, await newPassphrase(config));
    const request = `${file.replace(/(\.jwk)?\.json$/, '')}.request`;
    await writeRequest(request, who, key);
    const text = [
      `key of ${who.email}: ${file} (yours alone; keep it and its passphrase)`,
      `request:  ${request}`,
      `thumbprint: ${key.kid}`,
      'Give the request to two administrators, and read the thumbprint to them: gatehouse people enrol',
    ].join('\n');
    return { document: { ok: true, ...who, key: key.kid, file, request }, text };
  } catch (error) {
    throw asRefused(error);
  }
}
