import { readFileSync } from 'node:fs';
import { wrongTrust, type Trust } from '../../domain/trust.js';

/** Reads a file of people whom one trusts; throws an Error that says what is wrong with it. */
export function readTrustFile(path: string): Trust {
  const value = parse(path);
  const fault = wrongTrust(value);
  if (fault !== undefined) throw new Error(`${path} is no trust file: ${fault}; gatehouse people list --json prints one`);
  return value as Trust;
}

function parse(path: string): unknown {
  const text = textOf(path);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read (${code})`, { cause: error });
  }
}
