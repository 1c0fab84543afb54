import { Readable } from 'node:stream';
import {
  createGunzip,
  createInflate,
  createInflateRaw,
  inflateSync,
  constants,
  type Inflate,
  type Gunzip,
  type InflateRaw,
} from 'node:zlib';
import { Unreadable, type Bytes } from './bytes.js';
import { SCAN_LIMITS, type Budget } from './limits.js';

const CHUNK_BYTES = 64 * 1024;

const METHODS = { gzip: createGunzip, zlib: createInflate, deflate: createInflateRaw } as const;
export type Packed = keyof typeof METHODS;

/**
 * What packed bytes hold, in memory, within the budget; whoever asked for it releases it again. Throws `Unreadable` when it
 * is too much, broken, or followed by more bytes: a reader that goes on there would see what was not looked at.
 */
export async function unpack(bytes: Bytes, how: Packed, budget: Budget, signal?: AbortSignal): Promise<Buffer> {
  const stream = METHODS[how]({ chunkSize: CHUNK_BYTES });
  const limit = budget.left;
  const pieces: Buffer[] = [];
  let size = 0;
  const source = Readable.from(piecesOf(bytes));
  source.on('error', (problem) => stream.destroy(problem));
  try {
    for await (const piece of source.pipe(stream) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      size += piece.length;
      if (size > limit) throw new Unreadable(tooMuch(limit), stream.bytesWritten);
      pieces.push(piece);
    }
    if (consumed(stream) !== bytes.size) throw new Unreadable('more bytes come after its end', consumed(stream));
  } catch (problem) {
    throw broken(problem, stream);
  } finally {
    source.destroy();
    stream.destroy();
  }
  budget.hold(size);
  return Buffer.concat(pieces, size);
}

/** Whether bytes that may be zlib can be unpacked at least at their start: many other files begin with the same two bytes. */
export async function startsAsZlib(bytes: Bytes): Promise<boolean> {
  const start = await bytes.read(0, 512);
  const [first = 0, second = 0] = start;
  if (first !== 0x78 || ![0x01, 0x5e, 0x9c, 0xda].includes(second)) return false;
  try {
    return inflateSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1_000_000 }).length > 0;
  } catch (problem) {
    const { code, message } = problem as NodeJS.ErrnoException;
    // A wrong sum at its end comes too late for a reader that has used what was before it.
    return code === 'ERR_BUFFER_TOO_LARGE' || message === 'incorrect data check';
  }
}

async function* piecesOf(bytes: Bytes): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.size; at += CHUNK_BYTES) yield await bytes.read(at, CHUNK_BYTES);
}

function consumed(stream: Inflate | Gunzip | InflateRaw): number {
  return stream.bytesWritten;
}

function tooMuch(limit: number): string {
  return limit < SCAN_LIMITS.heldBytes
    ? `the archives of this package hold more than ${SCAN_LIMITS.unpackedBytes} bytes`
    : `it holds more than ${SCAN_LIMITS.heldBytes} bytes`;
}

function broken(problem: unknown, stream: Inflate | Gunzip | InflateRaw): unknown {
  const code = (problem as NodeJS.ErrnoException).code ?? '';
  if (!code.startsWith('Z_')) return problem;
  return new Unreadable(code === 'Z_BUF_ERROR' ? 'it is cut short' : 'its packed bytes are broken', consumed(stream));
}
