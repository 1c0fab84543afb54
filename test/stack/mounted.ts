import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts a file system in memory of a size of its own; answers whether that may be done here. */
export function mount(dir: string, options: string): boolean {
  mkdirSync(dir, { recursive: true });
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export function unmount(dir: string): void {
  execFileSync('/bin/umount', ['--lazy', dir], { stdio: 'ignore' });
}

/** Whether this user may mount a file system here. */
export const MAY_MOUNT = mayMount();

function mayMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-mount-'));
  const may = mount(dir, 'size=1m');
  if (may) unmount(dir);
  rmSync(dir, { recursive: true });
  return may;
}
