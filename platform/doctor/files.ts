import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freeMb } from '../disk.js';
import { KeyError, loadKey } from '../keys.js';
import { checked, type Check } from './check.js';

/** Less than this, and neither packages nor the record have room to grow. */
const LEAST_MB = 500;
const KEY_FILE = /\.jwk\.json$/;

/** Whether this process can read and write the store, and there is room in it. */
export function storeCheck(dir: string): Check {
  const wants = `a directory that can be written in, with ${LEAST_MB} MB free`;
  const wrong = wrongWith(dir);
  if (wrong) return checked('store', false, { ...wrong, wants });
  const free = freeMb(dir);
  const found = `${dir}, ${free === Infinity ? 'room unknown' : `${free} MB free`}`;
  return checked('store', free >= LEAST_MB, { found, wants, next: 'make room on its disk' });
}

function wrongWith(dir: string): Pick<Check, 'found' | 'next'> | undefined {
  try {
    if (!statSync(dir).isDirectory()) return { found: `${dir} is no directory`, next: 'name another one in GATEHOUSE_STORE' };
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { found: `there is no ${dir}`, next: 'mount it, make it, or name it in GATEHOUSE_STORE' };
    return { found: `${dir} may not be read and written (${code})`, next: 'give this user the right to it' };
  }
}

/** Whether every key to sign with can be used: there, whole, and readable by its owner alone. */
export async function keysCheck({ keys, keyFile }: { readonly keys: string; readonly keyFile?: string }): Promise<Check> {
  const files = keyFile === undefined ? filesIn(keys) : [keyFile];
  const wrong: KeyError[] = [];
  for (const file of files) {
    await loadKey(file).catch((error: unknown) => {
      if (!(error instanceof KeyError)) throw error;
      if (!error.isLocked) wrong.push(error);
    });
  }
  const none = `none in ${keys}; verbs that sign need one, in GATEHOUSE_KEY`;
  const usable = keyFile ?? `${files.length} in ${keys}`;
  const refused = wrong.map(({ refusal: { what, given } }) => [what, given].filter(Boolean).join(', '));
  return checked('keys', wrong.length === 0, {
    found: refused.join('; ') || (files.length === 0 ? none : usable),
    wants: 'private Ed25519 keys, mode 0600; those behind a passphrase are not opened',
    next: wrong[0]?.refusal.next ?? 'put the key file back as it was made',
  });
}

function filesIn(keys: string): string[] {
  if (!existsSync(keys)) return [];
  return readdirSync(keys)
    .filter((name) => KEY_FILE.test(name))
    .map((name) => join(keys, name));
}
