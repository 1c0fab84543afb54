import { quoted } from '../../../platform/files/quoted.js';
import { wrongPath } from '../../../platform/files/fields.js';
import { bufferBytes, partOf, Unreadable, type Bytes } from './bytes.js';
import { SCAN_LIMITS } from './limits.js';
import { inside, type Look } from './look.js';
import { unpack } from './unpack.js';
import { readDirectory, type ZipEntry } from './zip-directory.js';

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR_BYTES = 24;
const ENCRYPTED = 1;
const DESCRIBED = 8;

/**
 * Looks into every entry of a zip archive, as the list at its end has them, and refuses one whose bytes say something
 * else: two readers would then see two archives. Throws `Unreadable` for what it cannot look into.
 */
export async function scanZip(bytes: Bytes, look: Look, each: (bytes: Bytes, look: Look) => Promise<void>): Promise<void> {
  const { entries, start } = await readDirectory(bytes, look.scanned.budget);
  let end = 0;
  for (const entry of entries.toSorted((one, other) => one.offset - other.offset)) {
    look.scanned.signal?.throwIfAborted();
    if (entry.offset < end) throw new Unreadable('its entries overlap', entry.offset);
    if (entry.offset > end) throw new Unreadable('bytes of it belong to no entry', end);
    const from = await contentOf(bytes, entry);
    const stop = from + entry.packedSize;
    if (stop > start) throw new Unreadable('an entry goes beyond its end', entry.offset);
    end = await endOf(bytes, entry, stop, start);
    await scanEntry(partOf(bytes, from, entry.packedSize), entry, look, each);
  }
  if (end !== start) throw new Unreadable('bytes of it belong to no entry', end);
}

async function scanEntry(
  packed: Bytes,
  entry: ZipEntry,
  look: Look,
  each: (bytes: Bytes, look: Look) => Promise<void>,
): Promise<void> {
  const { name, flags, method, size } = entry;
  const within = inside(look, quoted(name), name);
  const wrong = wrongPath(name.replace(/\/$/, ''));
  if (wrong !== undefined) within.report('high', '', wrong);
  if (name.endsWith('/') && size === 0 && packed.size === 0) return;
  if ((flags & ENCRYPTED) !== 0) throw new Unreadable(`${quoted(name)} is encrypted`, entry.offset);
  if (method === 0) {
    if (packed.size !== size) throw new Unreadable(`${quoted(name)} has two sizes`, entry.offset);
    return each(packed, within);
  }
  if (method !== 8) throw new Unreadable(`${quoted(name)} is packed by method ${method}, which is not looked into`, entry.offset);
  const { budget } = look.scanned;
  if (size > budget.left)
    throw new Unreadable(`${quoted(name)} holds ${size} bytes; at most ${SCAN_LIMITS.heldBytes} are unpacked`, entry.offset);
  const content = await unpack(packed, 'deflate', budget, look.scanned.signal);
  try {
    if (content.length !== size) throw new Unreadable(`${quoted(name)} has two sizes`, entry.offset);
    await each(bufferBytes(content), within);
  } finally {
    budget.release(content.length);
  }
}

/** Where an entry's content starts; its own header must agree with the list. */
async function contentOf(bytes: Bytes, { offset, rawName, method, flags, name }: ZipEntry): Promise<number> {
  const header = await bytes.read(offset, LOCAL_BYTES);
  if (header.length < LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL)
    throw new Unreadable(`${quoted(name)} is not there`, offset);
  const [nameBytes, extraBytes] = [header.readUInt16LE(26), header.readUInt16LE(28)];
  const own = await bytes.read(offset + LOCAL_BYTES, nameBytes);
  const agrees = own.equals(rawName) && header.readUInt16LE(8) === method && ((header.readUInt16LE(6) ^ flags) & ENCRYPTED) === 0;
  if (!agrees) throw new Unreadable(`${quoted(name)} is called or packed differently in two places`, offset);
  return offset + LOCAL_BYTES + nameBytes + extraBytes;
}

/** Where the next entry has to start: some writers put sizes behind the content. */
async function endOf(bytes: Bytes, { flags }: ZipEntry, stop: number, last: number): Promise<number> {
  if ((flags & DESCRIBED) === 0) return stop;
  const after = await bytes.read(stop, DESCRIPTOR_BYTES + 4);
  for (const size of [16, 24, 12, 20]) {
    if (stop + size === last) return last;
    if (after.length >= size + 4 && after.readUInt32LE(size) === LOCAL) return stop + size;
  }
  return stop;
}
