import { readFile } from 'node:fs/promises';

/**
 * The most memory a process has used so far, in bytes, by the kernel's own mark (VmHWM); undefined where there is none, as off
 * Linux, or no such process. The mark of `process.resourceUsage()` is no use: a child starts with the one of its parent.
 */
export async function peakMemory(process: number | 'self'): Promise<number | undefined> {
  const status = await readFile(`/proc/${process}/status`, 'latin1').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
