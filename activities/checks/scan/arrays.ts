import { Unreadable, type Bytes } from './bytes.js';
import type { JudgedLook } from './look.js';
import { scanPickle } from './pickle.js';

const HEADER_LIMIT_BYTES = 16_000_000;

/** A numpy array: numbers are data, objects are a pickle. Throws `Unreadable` when header and size do not agree. */
export async function scanNpy(bytes: Bytes, look: JudgedLook): Promise<void> {
  const start = await bytes.read(0, 12);
  const isShort = start[6] === 1;
  const size = isShort ? start.readUInt16LE(8) : start.readUInt32LE(8);
  const from = (isShort ? 10 : 12) + size;
  if (size > HEADER_LIMIT_BYTES || from > bytes.size) throw new Unreadable('its header is longer than the file', 8);
  const header = (await bytes.read(from - size, size)).toString('latin1');
  const descr = /'descr':\s*(.+?),\s*'fortran_order'/s.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (descr === undefined || shape === undefined) throw new Unreadable('its header is not understood', from - size);
  if (descr.includes('O')) {
    look.recognised('npy');
    if (await scanPickle(bytes, look, from)) return;
    throw new Unreadable('it has objects, and they are no pickle', from);
  }
  const item = /^'[<>|=]?([biufcSUVmM])(\d{1,9})(\[\w+\])?'$/.exec(descr) ?? (/^'(\?)'$/.exec(descr) && ['', 'b', '1']);
  if (!item) throw new Unreadable('its elements are not understood', from - size);
  const elements = [...shape.matchAll(/\d+/g)].reduce((all, [one]) => all * Number(one), 1);
  const needed = elements * Number(item[2]) * (item[1] === 'U' ? 4 : 1);
  if (needed !== bytes.size - from) throw new Unreadable(`it declares ${needed} bytes and has ${bytes.size - from}`, from);
  look.recognised('npy');
}

const BITS: readonly (readonly [bits: number, types: readonly string[]])[] = [
  [4, ['F4']],
  [6, ['F6_E2M3', 'F6_E3M2']],
  [8, ['BOOL', 'U8', 'I8', 'F8_E4M3', 'F8_E5M2', 'F8_E8M0']],
  [16, ['U16', 'I16', 'F16', 'BF16']],
  [32, ['U32', 'I32', 'F32']],
  [64, ['U64', 'I64', 'F64', 'C64']],
];
const DTYPE_BITS = new Map(BITS.flatMap(([bits, types]) => types.map((type) => [type, bits] as const)));

/** Whether bytes start as a safetensors file does: the length of a JSON header, and the header. */
export async function startsAsSafetensors(bytes: Bytes): Promise<boolean> {
  const start = await bytes.read(0, 9);
  return start.length === 9 && start[8] === 0x7b && start.readBigUInt64LE() <= BigInt(Math.max(0, bytes.size - 8));
}

/** A safetensors file: its tensors must fill it exactly. Throws `Unreadable` when they do not. */
export async function scanSafetensors(bytes: Bytes, look: JudgedLook): Promise<void> {
  const size = Number((await bytes.read(0, 8)).readBigUInt64LE());
  if (size > HEADER_LIMIT_BYTES) throw new Unreadable(`its header has ${size} bytes`, 0);
  const header = parsed(await bytes.read(8, size));
  if (!isMap(header)) throw new Unreadable('its header is not understood', 8);
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([, tensor]) => rangeOf(tensor))
    .toSorted(([one], [other]) => one - other);
  const end = tensors.reduce((before, [from, to]) => {
    if (from !== before) throw new Unreadable('its tensors overlap or leave gaps', 8 + size + before);
    return to;
  }, 0);
  if (end !== bytes.size - 8 - size) throw new Unreadable(`it declares ${end} bytes and has ${bytes.size - 8 - size}`, 8 + size);
  look.recognised('safetensors');
}

function rangeOf(tensor: unknown): [number, number] {
  const { dtype, shape, data_offsets: offsets } = isMap(tensor) ? tensor : {};
  const bits = typeof dtype === 'string' ? DTYPE_BITS.get(dtype) : undefined;
  if (bits === undefined || !areSizes(shape) || !areSizes(offsets)) throw new Unreadable('its header is not understood', 8);
  const [from = 0, to = -1] = offsets;
  if ((shape.reduce((all, one) => all * one, 1) * bits) / 8 !== to - from) throw new Unreadable('a tensor has two sizes', 8);
  return [from, to];
}

function areSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && (one as number) >= 0);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
