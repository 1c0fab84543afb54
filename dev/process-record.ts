import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** A process as it was written down when it started. */
export interface ProcessRecord {
  readonly pid: number;
  /** When and in which boot it started: a number that was given out again to another program does not match. */
  readonly started: string;
  /** The data directory it belongs to: a copy of the directory does not own the processes of the original. */
  readonly dataDir: string;
  /** Whether it has begun to end. */
  readonly stopping?: boolean;
}

/** When a process started, as text that only that process has; undefined when it is not alive. */
export function startOf(pid: number): string | undefined {
  try {
    if (platform() === 'linux') {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      // A zombie has ended; only its parent has not asked yet.
      return fields[0] === 'Z' ? undefined : `${fields[19]} of ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
    }
    const [state, ...started] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state === undefined || state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}

/** The record of a process that runs now. */
export function recordOf(pid: number, dataDir: string): ProcessRecord {
  return { pid, started: startOf(pid) ?? 'ended', dataDir };
}

/** Writes a process down in one step, replacing what was there. */
export function writeRecord(file: string, record: ProcessRecord): void {
  const next = `${file}.${process.pid}.new`;
  writeFileSync(next, JSON.stringify(record), { mode: 0o600 });
  renameSync(next, file);
}

/** The process a file names if it is alive and belongs to this data directory, else undefined. */
export function readRecord(file: string, dataDir: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
    return record.dataDir === dataDir && startOf(record.pid) === record.started ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a recorded process, by force after `graceMs`, and forgets it; answers whether there was one to end. */
export async function endRecorded(file: string, dataDir: string, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  const record = readRecord(file, dataDir);
  if (record) {
    process.kill(record.pid, signal);
    const force = Date.now() + graceMs;
    for (let forced = false; startOf(record.pid) === record.started; await delay(50)) {
      if (forced || Date.now() < force) continue;
      process.kill(record.pid, 'SIGKILL');
      forced = true;
    }
  }
  rmSync(file, { force: true });
  return record !== undefined;
}
