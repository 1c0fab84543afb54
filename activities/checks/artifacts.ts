import { lstat } from 'node:fs/promises';
import type { ManifestFile } from '../../platform/package.js';
import { found, type Check, type CheckContext, type CheckStore } from './check.js';
import type { CheckSubject } from './subject.js';

const REQUIRED_ROLES = ['model', 'documentation'] as const;

/**
 * Passes when every file of the manifest is in the store with the manifest's size and SHA-256, every artifact of model.yaml
 * is in the manifest with the SHA-256 it names, and there is a model and a documentation (rules §2).
 */
export const artifacts: Check = {
  name: 'artifacts',
  async run(context) {
    const { subject } = context;
    const { files } = subject.manifest;
    const reasons = [...(await damagedFiles(context)), ...unlistedArtifacts(subject), ...absentRoles(subject)];
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    return found('artifacts', reasons, {
      measured: { files: String(files.length), bytes: String(bytes) },
      limit: {},
      source: `every file of the package as it is in the store, against manifest ${subject.artifactDigest} and model.yaml`,
    });
  },
};

/** Which files of a version's package are not in the store as its manifest has them, and how; throws when that cannot be read. */
export async function damagedFiles({
  store,
  subject,
  signal,
}: Pick<CheckContext, 'store' | 'subject' | 'signal'>): Promise<string[]> {
  const damaged = (await store.verify(subject.artifactDigest, signal))
    ? []
    : [`manifest ${subject.artifactDigest} is not in the store`];
  for (const file of subject.manifest.files) {
    const reason = await damageOf(store, file, signal);
    if (reason !== undefined) damaged.push(`${file.path} ${reason}`);
  }
  return damaged;
}

async function damageOf(store: CheckStore, { sha256, size }: ManifestFile, signal?: AbortSignal): Promise<string | undefined> {
  const bytes = await sizeOf(store.pathOf(sha256));
  if (bytes === undefined) return 'is not in the store';
  if (bytes !== size) return `has ${bytes} bytes in the store, ${size} in the manifest`;
  return (await store.verify(sha256, signal)) ? undefined : `does not have its SHA-256 ${sha256} in the store`;
}

async function sizeOf(path: string): Promise<number | undefined> {
  const stats = await lstat(path).catch((problem: NodeJS.ErrnoException) => {
    if (problem.code === 'ENOENT' || problem.code === 'ENOTDIR') return undefined;
    throw problem;
  });
  return stats?.isFile() ? stats.size : undefined;
}

function unlistedArtifacts({ modelFile, manifest }: CheckSubject): string[] {
  return modelFile.artifacts.flatMap(({ path, sha256 }) => {
    const file = manifest.files.find((one) => one.path === path);
    if (!file) return [`${path} is named in model.yaml, but is not in the package`];
    return file.sha256 === sha256 ? [] : [`${path} has SHA-256 ${file.sha256}, model.yaml says ${sha256}`];
  });
}

function absentRoles({ modelFile }: CheckSubject): string[] {
  const absent = REQUIRED_ROLES.filter((role) => !modelFile.artifacts.some((artifact) => artifact.role === role));
  return absent.map((role) => `no artifact has the role ${role}`);
}
