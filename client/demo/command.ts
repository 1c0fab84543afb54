import { spawn } from 'node:child_process';
import { entry, packageRoot } from '../../platform/entry.js';
import { stackEnvironment } from '../../platform/config.js';

/** What a command printed and how it ended. */
export interface Ran {
  readonly words: readonly string[];
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `gatehouse …` as a user does, in a process of its own on the stack of a data directory. */
export type Gatehouse = (...words: string[]) => Promise<Ran>;

/** The command line on one data directory; relative paths start at the folder that holds `examples/`. */
export function gatehouseOn(dataDir: string, signal: AbortSignal): Gatehouse {
  const { command, args } = entry('cli');
  const env = stackEnvironment({ GATEHOUSE_DATA_DIR: dataDir });
  return (...words) =>
    new Promise((done, fail) => {
      const child = spawn(command, [...args, ...words], { cwd: packageRoot(), env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
      const printed = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text));
      }
      child.once('error', fail);
      child.once('close', (code) => done({ words, code: code ?? 1, ...printed }));
    });
}

/** A command as it would be typed, continued on further lines where it is long. */
export function asTyped(words: readonly string[], width: number): string[] {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  const lines = ['gatehouse'];
  for (const [i, word] of quoted.entries()) {
    const line = lines.at(-1) as string;
    const unit = word.startsWith('--') ? `${word} ${quoted[i + 1] ?? ''}` : word;
    if (word.startsWith('--') && line.length + unit.length > width) lines.push(`    ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map((line, i) => (i < lines.length - 1 ? `${line} \\` : line));
}
