import type { FileHandle } from 'node:fs/promises';

/** Content that could not be read to its end as the format it claims to be; such a file is never a pass. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';

  constructor(
    readonly reason: string,
    readonly at: number,
  ) {
    super(`${reason} at byte ${at}`);
  }
}

/** Content that ends in the middle of a value. */
export class CutShort extends Unreadable {
  constructor(at: number) {
    super('it ends in the middle of a value', at);
  }
}

/** Bytes that can be read at any place: a file, a part of one, or something unpacked. */
export interface Bytes {
  readonly size: number;
  /** At most `length` bytes; fewer only at the end. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** An open file's bytes. */
export function fileBytes(handle: FileHandle, size: number): Bytes {
  return {
    size,
    async read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      const buffer = Buffer.allocUnsafe(wanted);
      for (let filled = 0; filled < wanted;) {
        const { bytesRead } = await handle.read(buffer, filled, wanted - filled, offset + filled);
        if (bytesRead === 0) throw new Unreadable('it changed while it was read', offset + filled);
        filled += bytesRead;
      }
      return buffer;
    },
  };
}

/** Bytes that are in memory already. */
export function bufferBytes(buffer: Buffer): Bytes {
  return { size: buffer.length, read: (offset, length) => Promise.resolve(buffer.subarray(offset, offset + length)) };
}

/** A part of other bytes, without a copy of it. */
export function partOf(bytes: Bytes, from: number, size: number): Bytes {
  return { size, read: (offset, length) => bytes.read(from + offset, Math.max(0, Math.min(length, size - offset))) };
}
