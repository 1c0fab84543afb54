import { readFileSync } from 'node:fs';

type Env = Readonly<Record<string, string | undefined>>;

const MOST_SECRET_BYTES = 64 * 1024;

/** The secret that a variable holds, or the first line of the file that `<name>_FILE` names; never quoted in a problem. */
export function secretOf(name: string, env: Env, problems: string[]): string | undefined {
  const file = env[`${name}_FILE`];
  if (!file) return env[name] ? usable(name, env[name], problems) : undefined;
  if (env[name]) {
    problems.push(`${name}: is set, and so is ${name}_FILE; unset one of them`);
    return undefined;
  }
  try {
    const [line = ''] = readFileSync(file).subarray(0, MOST_SECRET_BYTES).toString('utf8').split(/\r?\n/, 1);
    return usable(`${name}_FILE`, line.trim(), problems);
  } catch (error) {
    problems.push(`${name}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): ${file}`);
    return undefined;
  }
}

function usable(name: string, secret: string, problems: string[]): string | undefined {
  if (/^[\x21-\x7e]{1,4096}$/.test(secret)) return secret;
  problems.push(`${name}: is not one line of 1–4,096 printable ASCII characters without a space`);
  return undefined;
}
