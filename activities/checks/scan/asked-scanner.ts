import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScannerCommand } from '../../../domain/scan.js';
import { quoted } from '../../../platform/files/quoted.js';
import type { ArtifactScanner } from '../../ports.js';
import type { CheckContext } from '../check.js';
import type { Bytes } from './bytes.js';
import { SCAN_LIMITS } from './limits.js';
import type { CodeFound } from './look.js';

const CHUNK_BYTES = 1024 * 1024;
const ANSWERS_SHOWN = 20;

/** The policy's scanner for the files of one package, and what it has answered. */
export interface AskedScanner {
  /** Reports what it found, and whatever it could not scan; throws when it did not run. */
  readonly handOver: (code: CodeFound) => Promise<void>;
  /** All answers in words. */
  answered(): string;
}

/** Asks the policy's scanner about everything in a package that can run code, each under every name it goes by. */
export function askedScanner(
  { policy, signal, heartbeat }: Pick<CheckContext, 'policy' | 'signal' | 'heartbeat'>,
  createScanner: (command: ScannerCommand) => ArtifactScanner,
): AskedScanner {
  const { scanner: command } = policy.scan;
  const answers: string[] = [];
  let runs = 0;
  return {
    async handOver({ bytes, stored, extensions, where, report }) {
      const tell = (what: string) => report('critical', '', what);
      if (command === 'none') return tell('could not be scanned: the policy names no scanner for files that can run code');
      const scanner = createScanner(command);
      const program = quoted(command.command[0]);
      for (const extension of extensions) {
        heartbeat();
        runs += 1;
        if (runs > SCAN_LIMITS.scannerRuns)
          return tell(`could not be scanned: a scanner is asked at most ${SCAN_LIMITS.scannerRuns} times for a package`);
        const ask = (path: string) => scanner.scan(path, extension, signal);
        const { outcome, how } = await (stored === undefined ? asFile(bytes, ask) : ask(stored));
        answers.push(`${where}: ${outcome}, ${program} ${how}`);
        if (outcome === 'found') tell(`has a finding of the scanner ${program}, which ${how}`);
        if (outcome === 'not-scanned') tell(`could not be scanned: ${program} ${how}`);
      }
    },
    answered() {
      const more = answers.length - ANSWERS_SHOWN;
      const rest = more > 0 ? [`and ${more} more answers`] : [];
      return [...answers.slice(0, ANSWERS_SHOWN), ...rest].join('; ') || 'not needed';
    },
  };
}

/** Writes bytes to a file for as long as something is done with it. */
async function asFile<T>(bytes: Bytes, use: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-unpacked-'));
  try {
    const path = join(directory, 'unpacked');
    const file = await open(path, 'wx', 0o600);
    try {
      for (let at = 0; at < bytes.size; at += CHUNK_BYTES) await file.writeFile(await bytes.read(at, CHUNK_BYTES));
    } finally {
      await file.close();
    }
    return await use(path);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
