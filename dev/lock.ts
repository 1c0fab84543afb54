import { linkSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readRecord, recordOf, writeRecord, type ProcessRecord } from './process-record.js';

/** How long another stack may take to notice that whoever started it is gone. */
const NOTICE_MS = 1_000;

/**
 * Makes this process the one stack of a data directory, waiting for one that is stopping;
 * answers the stack that already runs on it, or undefined when it now is this one. Gives the waiting up when `signal` aborts.
 */
export async function takeLock(file: string, dataDir: string, signal?: AbortSignal): Promise<ProcessRecord | undefined> {
  for (const since = Date.now(); ; await delay(100)) {
    const holder = tryLock(file, dataDir);
    if (!holder || signal?.aborted || (!holder.stopping && Date.now() - since > NOTICE_MS)) return holder;
  }
}

/** Says that this stack is about to let the data directory go. */
export function markStopping(file: string, dataDir: string): void {
  writeRecord(file, { ...recordOf(process.pid, dataDir), stopping: true });
}

function tryLock(file: string, dataDir: string): ProcessRecord | undefined {
  const own = `${file}.${process.pid}`;
  writeRecord(own, recordOf(process.pid, dataDir));
  try {
    for (;;) {
      if (linked(own, file)) return undefined;
      const holder = readRecord(file, dataDir);
      if (holder) return holder;
      setAside(file, dataDir);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** Lets the data directory go. */
export function releaseLock(file: string): void {
  rmSync(file, { force: true });
}

/** Removes a dead stack's lock, and puts back a lock that another starter took in the same moment. */
function setAside(file: string, dataDir: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (readRecord(aside, dataDir)) linked(aside, file);
  rmSync(aside, { force: true });
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
