import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatDuration } from '../../../domain/quantity.js';
import type { ScannerCommand } from '../../../domain/scan.js';
import { quoted } from '../../../platform/files/quoted.js';
import type { ArtifactScanner, ScannerAnswer } from '../../ports.js';

/**
 * A scanner that is the policy's command: only the exit codes the policy names count, and nothing it prints. Throws when it
 * did not run to its end, which says nothing of the file.
 */
export function createScannerCommand({ command, exit, timeout }: ScannerCommand): ArtifactScanner {
  return {
    async scan(path, extension, signal) {
      signal?.throwIfAborted();
      const directory = await mkdtemp(join(tmpdir(), 'gatehouse-scan-'));
      try {
        // Scanners go by names, and a scanner that writes must not write to the store.
        const copy = join(directory, `artifact.${extension}`);
        await copyFile(path, copy, constants.COPYFILE_FICLONE);
        const [program = '', ...args] = command;
        const child = spawn(program, [...args, copy], {
          cwd: directory,
          // The scanner reads a stranger's file: like the model's process it is not handed the worker's environment.
          env: { PATH: process.env['PATH'], HOME: directory, LANG: 'C.UTF-8' },
          stdio: 'ignore',
          detached: process.platform !== 'win32',
        });
        const end = await endOf(child, timeout, signal);
        if ('without' in end) throw new Error(`the scanner ${quoted(program)} did not scan: it ${end.without}`);
        return answerOf(end.code, exit);
      } finally {
        await rm(directory, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
}

type End = { readonly code: number } | { readonly without: string };

function answerOf(code: number, exit: ScannerCommand['exit']): ScannerAnswer {
  const how = `exited with ${code}`;
  if (exit.found.includes(code)) return { outcome: 'found', how };
  return { outcome: exit.clean.includes(code) ? 'clean' : 'not-scanned', how };
}

async function endOf(child: ChildProcess, timeoutMs: number, signal?: AbortSignal): Promise<End> {
  let stopped: string | undefined;
  const stop = (why: string) => {
    stopped ??= why;
    kill(child);
  };
  const aborted = () => stop('was cancelled');
  const timer = setTimeout(() => stop(`took longer than ${formatDuration(timeoutMs)}`), timeoutMs);
  signal?.addEventListener('abort', aborted, { once: true });
  if (signal?.aborted) aborted();
  try {
    const end = await new Promise<End>((resolve) => {
      child.once('error', (problem: NodeJS.ErrnoException) =>
        resolve({ without: `could not be started (${problem.code ?? 'unknown'})` }),
      );
      child.once('exit', (code, by) => resolve(code === null ? { without: `was ended by ${by}` } : { code }));
    });
    // Whatever it has started and left behind ends with it.
    kill(child);
    signal?.throwIfAborted();
    return stopped === undefined ? end : { without: stopped };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
