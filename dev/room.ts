import { freeMb } from '../platform/disk.js';
import { StartError } from './start-error.js';

/** Throws a `StartError` that says how much is needed when a disk has too little room for something. */
export function needRoom(path: string, needMb: number, what: string, otherwise: string): void {
  const free = freeMb(path);
  if (free >= needMb) return;
  throw new StartError(
    `there is too little room for ${what} on the disk of ${path}: ${free} MB free, ${needMb} MB needed`,
    `make room, or ${otherwise}`,
  );
}
