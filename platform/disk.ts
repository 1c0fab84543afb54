import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What must be free before the embedded stack writes, in MB: measured, and as much again to work with. */
export const ROOM_MB = {
  /** A first start takes 50 MB: PostgreSQL's data 49, Temporal's 1. */
  firstStart: 120,
  /** PostgreSQL writes its log ahead in pieces of 16 MB. */
  laterStart: 40,
  /** A copy of PostgreSQL's programs. */
  programs: 80,
  /** The Temporal binary takes 156 MB, and its download 45 MB beside it. */
  temporal: 220,
} as const;

/** The whole MB that are free where a path is, or would be; infinitely many where the file system does not say. */
export function freeMb(path: string): number {
  let at = resolve(path);
  while (!existsSync(at)) at = dirname(at);
  const { bavail, blocks, bsize } = statfsSync(at);
  return blocks === 0 ? Infinity : Math.floor((bavail * bsize) / 1e6);
}
