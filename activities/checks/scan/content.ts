import { againstFormat, type Format } from '../../../domain/scan.js';
import { scanNpy, scanSafetensors, startsAsSafetensors } from './arrays.js';
import { bufferBytes, Unreadable, type Bytes } from './bytes.js';
import { extensionsFor } from './code-names.js';
import { SCAN_LIMITS, type Budget } from './limits.js';
import { inside, type JudgedLook, type Look } from './look.js';
import { SAVED_MODEL } from './onnx-fields.js';
import { scanOnnx } from './onnx.js';
import { scanPickle } from './pickle.js';
import { walkProtobuf } from './protobuf.js';
import { formatByStart } from './signatures.js';
import { scanText } from './text.js';
import { startsAsZlib, unpack } from './unpack.js';
import { endsAsZip } from './zip-directory.js';
import { scanZip } from './zip.js';

/**
 * Looks at bytes as everything they could be taken for, and reports what speaks against each. Nothing is loaded or run.
 * What cannot be read to its end is reported as such; only a machine that fails throws.
 */
export async function scanContent(bytes: Bytes, outer: Look): Promise<void> {
  outer.scanned.signal?.throwIfAborted();
  if (outer.depth > SCAN_LIMITS.depth)
    return fail(outer, new Unreadable(`it lies in more than ${SCAN_LIMITS.depth} archives`, 0));
  const seen = new Set<Format>();
  const within = new Set<Format>();
  const look: JudgedLook = {
    ...outer,
    noted(format, described) {
      within.add(format);
      outer.noted(format, described);
    },
    recognised(format, described) {
      if (seen.has(format)) return;
      seen.add(format);
      look.noted(format, described);
      const against = againstFormat(format, outer.scanned.scan.allow);
      if (against) outer.report(against.severity, '', against.what);
    },
  };
  // A file of one format may be another as well, for a reader that tries it.
  const looked = [
    await isReadable(look, () => asWhatItShows(bytes, look)),
    await isReadable(look, async () => void (seen.has('npy') || (await scanPickle(bytes, look)))),
    await isReadable(look, async () => {
      if (seen.has('zip') || !(await endsAsZip(bytes))) return;
      look.recognised('zip');
      throw new Unreadable('it is a zip archive that starts as something else', 0);
    }),
  ];
  if (seen.size === 0 && looked.every(Boolean)) outer.unknown();
  const { scanned, stored, where, report } = outer;
  const extensions = extensionsFor({ seen, within, allow: scanned.scan.allow, name: outer.name });
  if (extensions.length > 0) await scanned.handOver({ bytes, stored, extensions, where, report });
}

async function asWhatItShows(bytes: Bytes, look: JudgedLook): Promise<void> {
  if (await scanText(bytes, look)) return;
  const format = await formatByStart(bytes);
  if (format === 'zip') {
    look.recognised(format);
    return scanZip(bytes, look, scanContent);
  }
  if (format === 'gzip' || (await startsAsZlib(bytes))) return scanPacked(bytes, look, format === 'gzip' ? 'gzip' : 'zlib');
  if (format === 'npy') return scanNpy(bytes, look);
  if (format !== undefined) return look.recognised(format);
  if (await startsAsSafetensors(bytes)) return scanSafetensors(bytes, look);
  const onnx = await scanOnnx(bytes, look);
  if (onnx !== undefined) return look.recognised('onnx', onnx);
  if (await isSavedModel(bytes, look.scanned.budget)) look.recognised('savedmodel');
}

async function scanPacked(bytes: Bytes, look: JudgedLook, how: 'gzip' | 'zlib'): Promise<void> {
  look.recognised(how);
  const { budget, signal } = look.scanned;
  budget.entry(0);
  const content = await unpack(bytes, how, budget, signal);
  try {
    await scanContent(bufferBytes(content), inside(look, `unpacked ${how}`, look.name.replace(/\.(gz|gzip|z|zlib)$/i, '')));
  } finally {
    budget.release(content.length);
  }
}

async function isSavedModel(bytes: Bytes, budget: Budget): Promise<boolean> {
  let graphs = 0;
  const visitor = {
    leave: ({ message }: { message: { name: string } }) => {
      if (message.name === 'graph definition') graphs += 1;
    },
    unknown: (_: unknown, __: number, at: number) => {
      throw new Unreadable('it is no SavedModel', at);
    },
  };
  try {
    await walkProtobuf(bytes, SAVED_MODEL, visitor, budget);
  } catch (problem) {
    if (!(problem instanceof Unreadable)) throw problem;
    return false;
  }
  return graphs > 0;
}

async function isReadable(look: Look, scan: () => Promise<void>): Promise<boolean> {
  try {
    await scan();
    return true;
  } catch (problem) {
    if (!(problem instanceof Unreadable)) throw problem;
    fail(look, problem);
    return false;
  }
}

function fail(look: Look, { reason, at }: Unreadable): void {
  look.report('critical', `at byte ${at}`, `could not be scanned: ${reason}`);
}
