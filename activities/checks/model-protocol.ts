import type { Load } from '../ports.js';
import type { RefusalCode } from './model-refused.js';

/** What the worker asks of a model process; the rows follow as float32, little-endian, row by row. */
export interface ModelRequest {
  readonly modelPath: string;
  readonly rows: number;
  readonly width: number;
  /** After this long the process ends itself, also when nobody is left to end it. */
  readonly timeoutMs: number;
  /** The memory at which the process is ended, and ends itself. */
  readonly memoryLimitBytes: number;
  /** Asks for single predictions at this load instead of one prediction for each row. */
  readonly load?: Load;
}

interface ModelRefusal {
  readonly ok: false;
  readonly code: RefusalCode | 'not-tried';
  readonly message: string;
}

/** What a model process says first, once the runtime is there: whatever goes wrong then is the model. */
export interface ModelStarted {
  readonly started: true;
}

/** How a model process answers: with a header before its numbers, or why there are none. */
export type ModelAnswer<Numbers> = (Numbers & { readonly ok: true }) | ModelRefusal;

/** Before one byte per label and one float64, little-endian, per score. */
export interface RowsHeader {
  readonly rows: number;
}

/** Before two float64, little-endian, per prediction that a load asked for: all latencies, then all undisturbed ones. */
export interface LoadHeader {
  readonly answered: number;
  readonly peakMemoryBytes: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

type Header = ModelRequest | ModelStarted | ModelAnswer<RowsHeader> | ModelAnswer<LoadHeader>;

/** The largest header of a frame, in bytes. */
export const HEADER_LIMIT_BYTES = 64 * 1024;

/** The bytes each predicted row takes in an answer. */
export const ANSWER_BYTES_PER_ROW = 1 + Float64Array.BYTES_PER_ELEMENT;

/** The bytes each prediction of a load takes in an answer. */
export const ANSWER_BYTES_PER_PREDICTION = 2 * Float64Array.BYTES_PER_ELEMENT;

/** The descriptor a model process answers on: its standard output is left to whatever the runtime prints. */
export const ANSWER_FD = 3;

/** A header as it stands before the numbers: its length in four bytes, little-endian, then its JSON. */
export function frameHeader(header: Header): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json]);
}

/** Takes exact numbers of bytes from a stream, one call after the other; throws when the stream ends before. */
export type TakeBytes = (length: number) => Promise<Buffer>;

/** A reader of exact lengths over a stream; each answer is a copy that starts on an eight-byte boundary. */
export function byteTaker(source: AsyncIterable<Buffer>): TakeBytes {
  const chunks = source[Symbol.asyncIterator]();
  let left: Buffer = Buffer.alloc(0);
  return async (length) => {
    const taken = Buffer.allocUnsafeSlow(length);
    for (let filled = 0; filled < length;) {
      if (left.length === 0) {
        const next = await chunks.next();
        if (next.done) throw new Error(`the stream ended ${length - filled} bytes early`);
        left = next.value;
      }
      const copied = left.copy(taken, filled);
      left = left.subarray(copied);
      filled += copied;
    }
    return taken;
  };
}

/** Reads one header; throws when it is larger than the limit or is not JSON. */
export async function takeHeader<T>(take: TakeBytes): Promise<T> {
  const length = (await take(4)).readUInt32LE();
  if (length > HEADER_LIMIT_BYTES) throw new Error(`a header of ${length} bytes`);
  return JSON.parse((await take(length)).toString('utf8')) as T;
}
