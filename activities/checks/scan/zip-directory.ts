import { Unreadable, type Bytes } from './bytes.js';
import type { Budget } from './limits.js';

/** An entry of a zip archive, as the list at its end has it. */
export interface ZipEntry {
  readonly name: string;
  readonly rawName: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
}

const END_BYTES = 22;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const COMMENT_BYTES = 65_535;
const LIST_LIMIT_BYTES = 8_000_000;
const ALL_ONES = 0xffffffff;

/** Where the list of entries is, and how many it has. */
interface End {
  readonly at: number;
  readonly count: number;
  readonly size: number;
  readonly offset: number;
}

/** Whether bytes end as a zip archive does, whatever they start with: readers of zip look at the end, and not closely. */
export async function endsAsZip(bytes: Bytes): Promise<boolean> {
  const { tail, from, ends } = await lookForEnds(bytes);
  for (const at of ends) {
    if (tail.length - at < END_BYTES) continue;
    const start = await bytes.read(Math.max(0, from + at - tail.readUInt32LE(at + 12)), 4);
    if (start.length === 4 && start.readUInt32LE() === ENTRY) return true;
  }
  return false;
}

/** The entries of an archive and where its content stops; throws `Unreadable` for a list that does not hold together. */
export async function readDirectory(bytes: Bytes, budget: Budget): Promise<{ entries: ZipEntry[]; start: number }> {
  const end = await findEnd(bytes);
  if (!end) throw new Unreadable('it has no list of its entries', bytes.size);
  const { at, count, size, offset } = end;
  if (offset + size !== at) throw new Unreadable('bytes of it belong to no entry', at);
  if (size > LIST_LIMIT_BYTES) throw new Unreadable(`its list of entries has ${size} bytes`, offset);
  const list = await bytes.read(offset, size);
  const entries: ZipEntry[] = [];
  for (let from = 0; from < list.length;) {
    budget.entry(offset + from);
    if (list.length - from < ENTRY_BYTES || list.readUInt32LE(from) !== ENTRY)
      throw new Unreadable('its list of entries is broken', offset + from);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => list.readUInt16LE(from + field)) as [
      number,
      number,
      number,
    ];
    const next = from + ENTRY_BYTES + nameBytes + extraBytes + commentBytes;
    if (next > list.length) throw new Unreadable('its list of entries is broken', offset + from);
    const rawName = list.subarray(from + ENTRY_BYTES, from + ENTRY_BYTES + nameBytes);
    const extra = list.subarray(from + ENTRY_BYTES + nameBytes, next - commentBytes);
    const [fullSize, packedSize, start] = sizes64(
      list.readUInt32LE(from + 24),
      list.readUInt32LE(from + 20),
      list.readUInt32LE(from + 42),
      extra,
    );
    entries.push({
      name: rawName.toString('utf8'),
      rawName,
      flags: list.readUInt16LE(from + 8),
      method: list.readUInt16LE(from + 10),
      packedSize,
      size: fullSize,
      offset: start,
    });
    from = next;
  }
  if (entries.length !== count) throw new Unreadable(`it says it has ${count} entries, and lists ${entries.length}`, offset);
  return { entries, start: offset };
}

async function lookForEnds(bytes: Bytes): Promise<{ tail: Buffer; from: number; ends: number[] }> {
  const from = Math.max(0, bytes.size - END_BYTES - COMMENT_BYTES);
  const tail = await bytes.read(from, bytes.size - from);
  const signature = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
  const ends: number[] = [];
  for (let at = tail.lastIndexOf(signature); at !== -1; at = at === 0 ? -1 : tail.lastIndexOf(signature, at - 1)) ends.push(at);
  return { tail, from, ends };
}

async function findEnd(bytes: Bytes): Promise<End | undefined> {
  const { tail, from, ends } = await lookForEnds(bytes);
  const [at] = ends;
  if (at === undefined || tail.length - at < END_BYTES) return undefined;
  if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length)
    throw new Unreadable('more bytes come after its end', from + at);
  const [count, size, offset] = [tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  return (await end64(bytes, from + at)) ?? { at: from + at, count, size, offset };
}

async function end64(bytes: Bytes, end: number): Promise<End | undefined> {
  if (end < LOCATOR64_BYTES) return undefined;
  const locator = await bytes.read(end - LOCATOR64_BYTES, LOCATOR64_BYTES);
  if (locator.readUInt32LE() !== LOCATOR64) return undefined;
  const at = Number(locator.readBigUInt64LE(8));
  const record = await bytes.read(Math.min(at, bytes.size), 56);
  if (record.length < 56 || record.readUInt32LE() !== END64) throw new Unreadable('its list of entries is broken', end);
  const [count, size, offset] = [32, 40, 48].map((field) => Number(record.readBigUInt64LE(field))) as [number, number, number];
  return { at, count, size, offset };
}

/** Sizes and offset of an entry; those that do not fit 32 bits stand in its extra field, in this order. */
function sizes64(size: number, packed: number, offset: number, extra: Buffer): [number, number, number] {
  const values: [number, number, number] = [size, packed, offset];
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let from = at + 4;
    for (const index of [0, 1, 2] as const) {
      if (values[index] !== ALL_ONES || from + 8 > extra.length) continue;
      values[index] = Number(extra.readBigUInt64LE(from));
      from += 8;
    }
    break;
  }
  return values;
}
