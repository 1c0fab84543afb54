import { constants, type BigIntStats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { Refusal } from '../../domain/refusal.js';
import { quoted } from './quoted.js';

/** A file that cannot be used; `refusal` says why: no such file, not a regular one, too large, changed while it was read. */
export class FileError extends Error {
  override readonly name = 'FileError';

  constructor(readonly refusal: Refusal) {
    super([refusal.what, refusal.given, refusal.allowed].filter(Boolean).join('; '));
  }
}

/** How a file may be read: up to a size, only where it has one name, until somebody aborts. */
export interface ReadOptions {
  readonly maxBytes?: number;
  /** Refuses a file with further hard links: its content could be changed under another name. */
  readonly singleLink?: boolean;
  readonly signal?: AbortSignal;
}

const CHUNK_BYTES = 1024 * 1024;
// Without NONBLOCK, opening a FIFO that was put there since would wait for a writer for ever.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Hands a regular file's bytes over in pieces of at most 1 MB and answers how many they were. A piece is overwritten
 * once `take` is done with it. Throws a `FileError` for links, FIFOs, devices, directories, and when the file changed meanwhile.
 */
export async function streamFile(path: string, take: (piece: Uint8Array) => unknown, options: ReadOptions = {}): Promise<number> {
  refuseUnlessUsable(path, await lstat(path, { bigint: true }).catch(unreadable(path)), options);
  const handle = await open(path, OPEN_FLAGS).catch(unreadable(path));
  try {
    const before = await handle.stat({ bigint: true });
    refuseUnlessUsable(path, before, options);
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Number(before.size) + 1));
    let total = 0;
    for (;;) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      total += bytesRead;
      if (total > before.size) throw changed(path);
      await take(buffer.subarray(0, bytesRead));
    }
    const after = await handle.stat({ bigint: true });
    if (BigInt(total) !== before.size || after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw changed(path);
    return total;
  } finally {
    await handle.close();
  }
}

/** A regular file's bytes, at most `maxBytes` of them; throws like {@link streamFile}. */
export async function readRegularFile(path: string, options: ReadOptions & { readonly maxBytes: number }): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await streamFile(path, (piece) => pieces.push(Buffer.from(piece)), options);
  return Buffer.concat(pieces);
}

/** Why a directory entry may not be used as a file, or undefined. */
export function wrongEntry(stats: BigIntStats, { maxBytes, singleLink }: ReadOptions): string | undefined {
  if (!stats.isFile()) return `is a ${kindOf(stats)}; only regular files are read`;
  if (singleLink && stats.nlink > 1n) return `has ${stats.nlink - 1n} other hard link(s); only files with one name are read`;
  if (maxBytes !== undefined && stats.size > maxBytes) return `has ${stats.size} bytes; at most ${maxBytes} are read`;
  return undefined;
}

function refuseUnlessUsable(path: string, stats: BigIntStats, options: ReadOptions): void {
  const wrong = wrongEntry(stats, options);
  if (wrong !== undefined) throw new FileError({ kind: 'rule', what: `${quoted(path)} ${wrong}` });
}

function kindOf(stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return 'symbolic link';
  if (stats.isDirectory()) return 'directory';
  if (stats.isFIFO()) return 'FIFO';
  if (stats.isSocket()) return 'socket';
  return 'device';
}

function changed(path: string): FileError {
  return new FileError({
    kind: 'rule',
    what: `${quoted(path)} changed while reading`,
    next: 'try again when nobody writes to it',
  });
}

function unreadable(path: string) {
  return (error: NodeJS.ErrnoException): never => {
    const { code } = error;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new FileError({ kind: 'usage', what: `there is no file ${quoted(path)}` });
    if (code === 'EACCES' || code === 'EPERM')
      throw new FileError({ kind: 'usage', what: `${quoted(path)} may not be read by this user` });
    if (code === 'ELOOP')
      throw new FileError({ kind: 'rule', what: `${quoted(path)} is a symbolic link; only regular files are read` });
    throw error;
  };
}
