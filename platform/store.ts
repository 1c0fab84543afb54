import { createHash, randomUUID } from 'node:crypto';
import { access, chmod, constants, lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SHA256 } from '../domain/ids.js';
import { sha256 } from './digest.js';
import { FileError, readRegularFile, streamFile, type ReadOptions } from './files/regular-file.js';
import { syncFolder } from './sync-folder.js';

/** What is in the store under a digest: the bytes whose SHA-256 it is. */
export interface Stored {
  readonly digest: string;
  readonly size: number;
}

/** A content-addressed store of files in a directory; many processes may use it at once. */
export interface Store {
  readonly dir: string;
  /** Copies a regular file in and answers the digest of exactly the bytes copied; throws a `FileError` for any other file. */
  put(filePath: string, options?: ReadOptions): Promise<Stored>;
  putBytes(bytes: string | Uint8Array): Promise<Stored>;
  /** Where the bytes of a digest are, or would be; throws a RangeError for what is no digest. */
  pathOf(digest: string): string;
  /** Bytes that have this digest; throws a `FileError` when they are missing, damaged or more than the limit. */
  read(digest: string, limitBytes?: number): Promise<Buffer>;
  /** Whether the bytes are there and have this digest, read in pieces of at most 1 MB; throws only when reading itself fails. */
  verify(digest: string, signal?: AbortSignal): Promise<boolean>;
  has(digest: string): Promise<boolean>;
  /** Throws an Error when the store itself cannot be entered, so that its absence is not taken for damage to what it holds. */
  mustBeThere(): Promise<void>;
}

const READ_LIMIT_BYTES = 16_000_000;

/** The store in a directory, which is made when the first file comes. */
export function openStore(dir: string): Store {
  const pathOf = (digest: string): string => {
    if (!SHA256.test(digest)) throw new RangeError('not a SHA-256 digest');
    return join(dir, 'sha256', digest.slice(0, 2), digest);
  };

  const verify = async (digest: string, signal?: AbortSignal): Promise<boolean> => {
    const hash = createHash('sha256');
    try {
      await streamFile(pathOf(digest), (piece) => hash.update(piece), { signal });
    } catch (error) {
      if (error instanceof FileError) return false;
      throw error;
    }
    return hash.digest('hex') === digest;
  };

  const has = async (digest: string): Promise<boolean> => {
    const stats = await lstat(pathOf(digest)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    return stats?.isFile() ?? false;
  };

  const add = async (fill: (write: (piece: Uint8Array) => Promise<void>) => Promise<number>): Promise<Stored> => {
    await mkdir(join(dir, 'tmp'), { recursive: true });
    const temporary = join(dir, 'tmp', `${process.pid}-${randomUUID()}`);
    const handle = await open(temporary, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      const size = await fill(async (piece) => {
        hash.update(piece);
        await handle.writeFile(piece);
      });
      const digest = hash.digest('hex');
      // Bytes that are there and right stay untouched; damaged ones are replaced by the good copy at hand.
      if (!(await has(digest)) || !(await verify(digest))) await keep(handle, temporary, pathOf(digest));
      return { digest, size };
    } finally {
      await handle.close();
      await rm(temporary, { force: true });
    }
  };

  return {
    dir,
    pathOf,
    verify,
    has,
    mustBeThere: async () => {
      await access(join(dir, 'sha256'), constants.R_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => {
        throw new Error(`the store ${dir} cannot be entered (${error.code})`);
      });
    },
    put: (filePath, options) => add((write) => streamFile(filePath, write, options)),
    putBytes: (bytes) => {
      const piece = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes;
      return add(async (write) => {
        await write(piece);
        return piece.byteLength;
      });
    },
    read: async (digest, limitBytes = READ_LIMIT_BYTES) => {
      const bytes = await readRegularFile(pathOf(digest), { maxBytes: limitBytes });
      if (sha256(bytes) !== digest) throw new FileError({ kind: 'rule', what: `the stored file ${digest} is damaged` });
      return bytes;
    },
  };
}

/** Gives a complete file its name: after a crash there is the whole file under its digest or none. */
async function keep(handle: FileHandle, temporary: string, path: string): Promise<void> {
  await handle.sync();
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  await chmod(temporary, 0o444);
  await rename(temporary, path);
  for (const each of [folder, dirname(folder)]) await syncFolder(each);
}
