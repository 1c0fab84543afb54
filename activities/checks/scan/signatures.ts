import type { Format } from '../../../domain/scan.js';
import type { Bytes } from './bytes.js';

const START_BYTES = 512;

/** What files of a format start with, as hex; PE is told by its own header, HDF5 may start later. */
const STARTS: readonly (readonly [Format, string])[] = [
  ['zip', '504b0304'],
  ['zip', '504b0506'],
  ['gzip', '1f8b08'],
  ['npy', '934e554d5059'],
  ['parquet', '50415231'],
  ['png', '89504e470d0a1a0a'],
  ['jpeg', 'ffd8ff'],
  ['executable', '7f454c46'],
  ['executable', 'feedface'],
  ['executable', 'feedfacf'],
  ['executable', 'cefaedfe'],
  ['executable', 'cffaedfe'],
  ['executable', 'cafebabe'],
  ['executable', '0061736d'],
  ['sealed', 'fd377a585a00'],
  ['sealed', '425a68'],
  ['sealed', '5d0000'],
  ['sealed', '04224d18'],
  ['sealed', '28b52ffd'],
  ['sealed', '377abcaf271c'],
  ['sealed', '526172211a07'],
];

const HDF5 = Buffer.from('894844460d0a1a0a', 'hex');
const MZ = Buffer.from('MZ');
const PE = Buffer.from('PE\0\0');
const PE_AT = 0x3c;
const TAR_AT = 257;

/** The format that bytes show by how they start; undefined when they show none. */
export async function formatByStart(bytes: Bytes): Promise<Format | undefined> {
  const start = await bytes.read(0, START_BYTES);
  const found = STARTS.find(([, hex]) => start.subarray(0, hex.length / 2).equals(Buffer.from(hex, 'hex')));
  if (found) return found[0];
  if (start.subarray(0, 2).equals(MZ) && (await isWindowsProgram(bytes, start))) return 'executable';
  if (start.subarray(TAR_AT, TAR_AT + 5).equals(Buffer.from('ustar'))) return 'sealed';
  return (await isHdf5(bytes)) ? 'hdf5' : undefined;
}

async function isWindowsProgram(bytes: Bytes, start: Buffer): Promise<boolean> {
  if (start.length < PE_AT + 4) return false;
  return (await bytes.read(start.readUInt32LE(PE_AT), PE.length)).equals(PE);
}

/** HDF5 may have a block of any content before it, of 512 bytes or a double of that. */
async function isHdf5(bytes: Bytes): Promise<boolean> {
  for (let at = 0; at + HDF5.length <= bytes.size; at = at === 0 ? 512 : at * 2) {
    if ((await bytes.read(at, HDF5.length)).equals(HDF5)) return true;
  }
  return false;
}
