import { createHash } from 'node:crypto';
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../domain/canonical.js';
import { sha256 } from './digest.js';
import { relativePath, sha256Field } from './files/fields.js';
import { MODEL_FILE, readModel, type ModelFile } from './files/model-file.js';
import { collisions, fileProblem, listPackage, PACKAGE_LIMITS } from './files/package-files.js';
import { FileError, readRegularFile, streamFile } from './files/regular-file.js';
import { problemAt } from './files/schema-problems.js';
import type { Problem, YamlDocument } from './files/yaml-document.js';
import { FILE_LIMITS } from './files/yaml-scan.js';
import type { Store, Stored } from './store.js';

/** One file of a package. */
export interface ManifestFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** Every file of a package, `model.yaml` included, sorted by path; the SHA-256 of its canonical JSON is the artifact digest. */
export interface Manifest {
  readonly files: readonly ManifestFile[];
}

/** A package that holds together: what `model.yaml` lists is there, nothing else is, and the digests agree. */
export interface Package {
  readonly model: ModelFile;
  readonly manifest: Manifest;
}

/** A package as it lies in the store. */
export interface StoredPackage extends Package {
  readonly artifactDigest: string;
}

type Failed = { readonly ok: false; readonly problems: readonly Problem[] };
type Checked<T> = ({ readonly ok: true } & T) | Failed;

/** What becomes of the bytes of a package while they are read the one time: hashed alone, or copied as well. */
interface Keeper {
  file(path: string): Promise<Stored>;
  bytes(bytes: Uint8Array): Promise<Stored>;
}

const MANIFEST_LIMIT_BYTES = 5_000_000;
const FILE_OPTIONS = { singleLink: true, maxBytes: PACKAGE_LIMITS.bytes } as const;

const manifestSchema = z.strictObject({
  files: z.array(z.strictObject({ path: relativePath, sha256: sha256Field, size: z.int().min(0) })),
});

/** Reads the package in a directory without keeping it; every file is read once. */
export async function readPackage(dir: string): Promise<Checked<Package>> {
  return examine(dir, { file: hashOf, bytes: async (bytes) => ({ digest: sha256(bytes), size: bytes.byteLength }) });
}

/** Copies the package in a directory into the store; model, digests and manifest are those of the bytes copied. */
export async function storePackage(store: Store, dir: string): Promise<Checked<StoredPackage>> {
  const examined = await examine(dir, { file: (path) => store.put(path, FILE_OPTIONS), bytes: (bytes) => store.putBytes(bytes) });
  if (!examined.ok) return examined;
  const { digest } = await store.putBytes(manifestBytes(examined.manifest));
  return { ...examined, artifactDigest: digest };
}

/**
 * Reads a package back from the store and checks that manifest and `model.yaml` agree; whether the other files' bytes
 * are still right is for `Store.verify`. Rejects only when the store cannot be read, or for what is no digest.
 */
export async function loadPackage(store: Store, artifactDigest: string): Promise<Checked<StoredPackage>> {
  const name = `package ${artifactDigest}`;
  try {
    const manifest = parseManifest(await store.read(artifactDigest, MANIFEST_LIMIT_BYTES));
    if (!manifest) return { ok: false, problems: [fileProblem(name, 'is no manifest of a package', 'usage')] };
    const written = manifest.files.find(({ path }) => path === MODEL_FILE);
    if (!written) return { ok: false, problems: [fileProblem(name, `${MODEL_FILE} is missing`, 'usage')] };
    const read = readModel(await store.read(written.sha256, FILE_LIMITS.bytes), MODEL_FILE);
    if (!read.ok) return read;
    const { model, document } = read.value;
    const paths = manifest.files.map(({ path }) => path);
    const problems = [...listProblems(document, model, paths), ...digestProblems(document, model, manifest)];
    return problems.length > 0 ? { ok: false, problems } : { ok: true, artifactDigest, model, manifest };
  } catch (error) {
    if (error instanceof FileError) return { ok: false, problems: [fileProblem(name, error.message, 'usage')] };
    throw error;
  }
}

async function examine(dir: string, keeper: Keeper): Promise<Checked<Package>> {
  const stats = await stat(dir).catch(() => undefined);
  if (!stats?.isDirectory()) return { ok: false, problems: [fileProblem(dir, 'is no directory', 'usage')] };
  const listed = await listPackage(dir);
  if (!listed.paths.includes(MODEL_FILE)) {
    return { ok: false, problems: [...listed.problems, fileProblem(join(dir, MODEL_FILE), 'is missing', 'usage')] };
  }
  try {
    const written = await lstat(join(dir, MODEL_FILE));
    if (written.size > FILE_LIMITS.bytes) {
      const message = `has ${written.size} bytes; at most ${FILE_LIMITS.bytes} are read`;
      return { ok: false, problems: [...listed.problems, fileProblem(join(dir, MODEL_FILE), message, 'usage')] };
    }
    const bytes = await readRegularFile(join(dir, MODEL_FILE), { maxBytes: FILE_LIMITS.bytes, singleLink: true });
    const read = readModel(bytes, join(dir, MODEL_FILE));
    if (!read.ok) return { ok: false, problems: [...listed.problems, ...read.problems] };
    const { model, document } = read.value;
    const problems = [...listed.problems, ...listProblems(document, model, listed.paths)];
    if (problems.length > 0) return { ok: false, problems };
    const files: ManifestFile[] = [];
    for (const path of listed.paths) {
      const { digest, size } = path === MODEL_FILE ? await keeper.bytes(bytes) : await keeper.file(join(dir, path));
      files.push({ path, sha256: digest, size });
    }
    const wrong = digestProblems(document, model, { files });
    return wrong.length > 0 ? { ok: false, problems: wrong } : { ok: true, model, manifest: { files } };
  } catch (error) {
    if (error instanceof FileError)
      return { ok: false, problems: [...listed.problems, fileProblem(dir, error.message, kindOf(error))] };
    throw error;
  }
}

function listProblems(document: YamlDocument, { artifacts }: ModelFile, present: readonly string[]): Problem[] {
  const listed = artifacts.map(({ path }) => path);
  const missing = listed.filter((path) => !present.includes(path));
  const unlisted = present.filter((path) => path !== MODEL_FILE && !listed.includes(path));
  const lists = [
    missing.length > 0 && `listed but not there: ${missing.join(', ')}`,
    unlisted.length > 0 && `there but not listed: ${unlisted.join(', ')}`,
  ].filter(Boolean);
  const same = collisions([MODEL_FILE, ...listed]).map(([first, second]) => {
    const index = listed.lastIndexOf(second);
    return problemAt([document], ['artifacts', index, 'path'], `has the same name as ${first} on some systems`, 'value', 'rule');
  });
  return [...(lists.length > 0 ? [problemAt([document], ['artifacts'], lists.join('; '), 'key', 'rule')] : []), ...same];
}

function digestProblems(document: YamlDocument, { artifacts }: ModelFile, { files }: Manifest): Problem[] {
  return artifacts.flatMap(({ path, role, sha256: expected }, i) => {
    const file = files.find((each) => each.path === path);
    if (!file) return [];
    if (file.sha256 !== expected) {
      const message = `${path} has the SHA-256 ${file.sha256}, expected ${expected}`;
      return [problemAt([document], ['artifacts', i, 'sha256'], message, 'value', 'rule')];
    }
    const isEmptyModel = role === 'model' && file.size === 0;
    return isEmptyModel ? [problemAt([document], ['artifacts', i, 'path'], `${path} is empty`, 'value', 'rule')] : [];
  });
}

function manifestBytes({ files }: Manifest): string {
  return canonicalJson({ files: files.map(({ path, sha256: digest, size }) => ({ path, sha256: digest, size })) });
}

/** The manifest that bytes are, or undefined; only the one canonical form of a manifest counts. */
function parseManifest(bytes: Buffer): Manifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success || !bytes.equals(Buffer.from(manifestBytes(parsed.data)))) return undefined;
  const paths = parsed.data.files.map(({ path }) => path);
  return canonicalJson([...new Set(paths)].sort()) === canonicalJson(paths) ? parsed.data : undefined;
}

async function hashOf(path: string): Promise<Stored> {
  const hash = createHash('sha256');
  const size = await streamFile(path, (piece) => hash.update(piece), FILE_OPTIONS);
  return { digest: hash.digest('hex'), size };
}

function kindOf({ refusal }: FileError): Problem['kind'] {
  return refusal.kind === 'rule' ? 'rule' : 'usage';
}
