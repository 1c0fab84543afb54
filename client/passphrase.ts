import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { basename } from 'node:path';
import { readPrivateFile, type PassphraseSource } from '../platform/keys.js';
import type { ClientConfig } from '../platform/config.js';
import { printable, Refused } from './output.js';

/** What is asked and shown on, and whether it is a terminal. */
export interface AskingOn {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

type Config = Pick<ClientConfig, 'passphraseFile'>;

const SHORTEST = 12;
const FILE = {
  what: 'passphrase file',
  missing: 'check GATEHOUSE_PASSPHRASE_FILE',
  allowed: 'a small file with the passphrase on its first line',
};
const HERE: AskingOn = { input: process.stdin, output: process.stderr };

/** The passphrase of a key file: from the named file, or else asked for on the terminal; nothing is asked where there is none. */
export function passphraseFrom(config: Config, on: AskingOn = HERE): PassphraseSource {
  return async (path) => {
    if (config.passphraseFile !== undefined) return await fromFile(config.passphraseFile);
    return isTerminal(on) ? await askSecret(`Passphrase of ${printable(basename(path))}: `, on) : undefined;
  };
}

/** A passphrase for a new key, asked for twice on a terminal; throws a Refused where there is none to be had or it is short. */
export async function newPassphrase(config: Config, on: AskingOn = HERE): Promise<string> {
  const given = await givenPassphrase(config, on);
  const length = Array.from(given).length;
  if (length >= SHORTEST) return given;
  throw new Refused({
    kind: 'usage',
    what: 'passphrase',
    given: `${length} characters`,
    allowed: `at least ${SHORTEST} characters`,
    next: 'take several words',
  });
}

async function givenPassphrase(config: Config, on: AskingOn): Promise<string> {
  if (config.passphraseFile !== undefined) return await fromFile(config.passphraseFile);
  if (!isTerminal(on)) {
    const next = 'run this in a terminal, or name a file that holds one (0600) in GATEHOUSE_PASSPHRASE_FILE';
    throw new Refused({ kind: 'usage', what: 'a new key needs a passphrase', next });
  }
  const first = await askSecret('Passphrase for the new key: ', on);
  if (first === (await askSecret('The same again: ', on))) return first;
  throw new Refused({ kind: 'usage', what: 'the two passphrases differ', next: 'try again' });
}

async function fromFile(path: string): Promise<string> {
  const text = await readPrivateFile(path, FILE);
  return text.split(/\r?\n/, 1)[0] ?? '';
}

function isTerminal({ input, output }: AskingOn): boolean {
  return input.isTTY === true && output.isTTY === true;
}

/** Asks for a text that is not shown while it is typed; throws a Refused when the question is left. */
export async function askSecret(question: string, { input, output }: AskingOn): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  output.write(question);
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((answered, left) => {
      const leave = (): void => left(new Refused({ kind: 'identity', what: 'no passphrase was given', next: 'try again' }));
      lines.once('SIGINT', leave).once('close', leave);
      lines.question('', answered);
    });
  } finally {
    lines.close();
    output.write('\n');
  }
}
