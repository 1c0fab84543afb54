import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Refusal } from '../domain/refusal.js';
import { signRequest } from '../platform/enrolment-request.js';
import { generateKey, writeKey, type SigningKey } from '../platform/keys.js';
import { Refused } from './output.js';
import { shown } from './record.js';

/** Makes a key and writes its file, protected and for its owner alone; throws a Refused rather than replace a file. */
export async function makeKey(path: string, passphrase: string): Promise<SigningKey> {
  const key = await generateKey();
  await written(path, async () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    await writeKey(path, key, passphrase);
  });
  return key;
}

/** Writes the request of a new key to a file; throws a Refused rather than replace one. */
export async function writeRequest(path: string, who: { email: string; name: string }, key: SigningKey): Promise<void> {
  const request = await signRequest(who, key);
  await written(path, () => writeFile(path, `${request}\n`, { flag: 'wx' }));
}

async function written(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const exists: Omit<Refusal, 'kind'> = {
      what: `${path} is there already`,
      next: 'name another file with --out, or move it away',
    };
    throw new Refused({ kind: 'usage', ...(code === 'EEXIST' ? exists : { what: `${shown(path)} cannot be written: ${code}` }) });
  }
}
