import { createHash } from 'node:crypto';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundledFile, ServingBundle } from '../../domain/serving-bundle.js';
import { sha256 } from '../digest.js';
import { quoted } from '../files/quoted.js';
import { FileError, readRegularFile, streamFile, wrongEntry } from '../files/regular-file.js';

/** Where a package's files are: in its directory under their paths, or in the store under their digests. */
export type Place = { readonly packageDir: string } | { readonly store: string };

type Files = ServingBundle['manifest']['files'];

const ENTRIES = 10_000;

/**
 * The first thing in which a package on disk is not what its manifest says, or undefined: every file is there with its size and
 * digest, and in a package's directory nothing else is, no link and no device. What is loaded is what {@link readVerified} answers.
 */
export async function wrongOnDisk(place: Place, files: Files): Promise<string | undefined> {
  const unlisted = 'packageDir' in place ? await unlistedIn(place.packageDir, files) : undefined;
  if (unlisted !== undefined) return unlisted;
  for (const file of files) {
    const hash = createHash('sha256');
    try {
      const size = await streamFile(pathOf(place, file), (piece) => hash.update(piece), optionsFor(place, file));
      if (size !== file.size || hash.digest('hex') !== file.sha256) return `${quoted(file.path)} is not the file of the manifest`;
    } catch (error) {
      if (error instanceof FileError) return error.message;
      throw error;
    }
  }
  return undefined;
}

/** A file's bytes, read once and those that were hashed; throws an Error where they are not the manifest's. */
export async function readVerified(place: Place, files: Files, path: string): Promise<Buffer> {
  const file = files.find((each) => each.path === path);
  if (!file) throw new Error(`${quoted(path)} is no file of this package`);
  const bytes = await readRegularFile(pathOf(place, file), optionsFor(place, file));
  if (bytes.length !== file.size || sha256(bytes) !== file.sha256)
    throw new Error(`${quoted(path)} is not the file of the manifest`);
  return bytes;
}

/** The manifest's first path that does not stay inside its package, or undefined. */
export function wrongManifestPath(files: Files): string | undefined {
  const paths = files.map(({ path }) => path);
  const outside = paths.find(
    (path) => /[\\\p{Cc}\p{Cs}]|^[A-Za-z]:/u.test(path) || path.split('/').some((part) => /^\.{0,2}$/.test(part)),
  );
  const again = paths.find((path, i) => paths.indexOf(path) < i);
  if (outside !== undefined) return `${quoted(outside)} is no path inside a package`;
  return again === undefined ? undefined : `${quoted(again)} is in the manifest twice`;
}

function pathOf(place: Place, { path, sha256: digest }: BundledFile): string {
  return 'store' in place ? join(place.store, 'sha256', digest.slice(0, 2), digest) : join(place.packageDir, path);
}

function optionsFor(place: Place, { size }: BundledFile) {
  return { maxBytes: size, singleLink: 'packageDir' in place };
}

async function unlistedIn(dir: string, files: Files): Promise<string | undefined> {
  const listed = new Set(files.map(({ path }) => path));
  const folders = [''];
  let entries = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const opened = await opendir(join(dir, folder)).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
    if (typeof opened === 'string') return `${quoted(join(dir, folder))} may not be read as a directory (${opened})`;
    for await (const { name } of opened) {
      if (++entries > ENTRIES) return `${quoted(dir)} holds more than ${ENTRIES} entries`;
      const path = folder === '' ? name : `${folder}/${name}`;
      const stats = await lstat(join(dir, path), { bigint: true });
      const wrong = stats.isDirectory() ? undefined : wrongEntry(stats, { singleLink: true });
      if (wrong !== undefined) return `${quoted(path)} ${wrong}`;
      if (stats.isDirectory()) folders.push(path);
      else if (!listed.has(path)) return `${quoted(path)} is not in the manifest`;
    }
  }
  return undefined;
}
