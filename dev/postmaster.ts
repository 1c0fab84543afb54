import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { endRecorded, recordOf, startOf, writeRecord } from './process-record.js';

/** Which server PostgreSQL's own note is to be ended through, and how. */
interface Leftover {
  readonly dataDir: string;
  /** Whose data directory that is, and where its processes are written down. */
  readonly root: string;
  readonly record: string;
}

/**
 * Makes way for PostgreSQL on its data: ends a server that still runs there though nobody wrote it down, and removes a note that
 * names a process of another program, or nothing, for which PostgreSQL would refuse to start. Answers whether one was ended.
 */
export async function clearPostmaster({ dataDir, root, record }: Leftover): Promise<boolean> {
  const file = join(dataDir, 'postmaster.pid');
  let note: string;
  try {
    note = readFileSync(file, 'utf8');
  } catch {
    return false;
  }
  const pid = Number(note.split('\n')[0]);
  const isNumber = Number.isSafeInteger(pid) && pid > 0;
  if (isNumber && startOf(pid) === undefined) return false;
  if (!isNumber || !commandLineOf(pid).includes(dataDir)) {
    rmSync(file, { force: true });
    return false;
  }
  writeRecord(record, recordOf(pid, root));
  return await endRecorded(record, root, 'SIGINT', 30_000);
}

function commandLineOf(pid: number): string {
  try {
    if (platform() === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
