import { crc32 } from './crc32.js';
import { deflateRawSync } from 'node:zlib';

/** One entry of a made zip archive; what is not said is as it should be. */
export interface MadeEntry {
  readonly name: string;
  readonly content: Buffer;
  readonly packed?: Buffer;
  readonly method?: number;
  readonly flags?: number;
  /** The name and size that the list at the end has. */
  readonly listedName?: string;
  readonly listedSize?: number;
  /** Lets this entry point at the content of the first one. */
  readonly offset?: number;
  /** In place of its CRC-32, which takes long for a large one. */
  readonly sum?: number;
}

/** An entry whose content is deflated. */
export function deflated(name: string, content: Buffer): MadeEntry {
  return { name, content, packed: deflateRawSync(content), method: 8 };
}

/** A zip archive, made by hand so that it can be wrong in every way. */
export function zip(entries: readonly MadeEntry[]): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { name, content, packed = content, method = 0, flags = 0, listedName = name, listedSize = content.length } = entry;
    const sums = [entry.sum ?? crc32(content), packed.length, content.length] as const;
    const local = Buffer.concat([Buffer.from('504b030414000000', 'hex'), Buffer.alloc(22), Buffer.from(name)]);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    sums.forEach((sum, i) => local.writeUInt32LE(sum, 14 + 4 * i));
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    const central = Buffer.concat([Buffer.from('504b010214001400', 'hex'), Buffer.alloc(38), Buffer.from(listedName)]);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    [sums[0], sums[1], listedSize].forEach((sum, i) => central.writeUInt32LE(sum, 16 + 4 * i));
    central.writeUInt16LE(Buffer.byteLength(listedName), 28);
    central.writeUInt32LE(entry.offset ?? offset, 42);
    list.push(central);
    if (entry.offset !== undefined) continue;
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.concat([Buffer.from('504b0506', 'hex'), Buffer.alloc(18)]);
  end.writeUInt16LE(Math.min(entries.length, 0xffff), 8);
  end.writeUInt16LE(Math.min(entries.length, 0xffff), 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, end]);
}

/** A numpy array file. */
export function npy(descr: string, shape: string, data: Buffer): Buffer {
  const text = `{'descr': ${descr}, 'fortran_order': False, 'shape': (${shape}), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`);
  const size = Buffer.alloc(2);
  size.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from('934e554d50590100', 'hex'), size, header, data]);
}
