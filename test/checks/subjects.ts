import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckContext } from '../../activities/checks/check.js';
import { createDataProfiler } from '../../activities/checks/duckdb-profiler.js';
import { createModelRunner } from '../../activities/checks/model-runner.js';
import type { CheckSubject, DatasetRecord } from '../../activities/checks/subject.js';
import { underLoad } from '../../activities/checks/under-load.js';
import { featureBytes } from '../../domain/checks.js';
import { sha256 } from '../../platform/digest.js';
import { parseDataset } from '../../platform/files/dataset-file.js';
import { parseFeatureView } from '../../platform/files/feature-view-file.js';
import { storePackage } from '../../platform/package.js';
import { openStore, type Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { temporaryDirectory } from './temporary.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/alzheimer/', import.meta.url));

const policy = policyWith();
const REGISTERED_AT = '2026-09-01T08:00:00.000Z';

/** An empty store in a temporary directory. */
export async function temporaryStore(): Promise<Store> {
  return openStore(await temporaryDirectory());
}

/** A version of the example, stored, with its feature view and data sets as registered. */
export async function exampleSubject(store: Store, version: string): Promise<CheckSubject> {
  const stored = await storePackage(store, join(EXAMPLE, 'packages', version));
  if (!stored.ok) throw new Error(JSON.stringify(stored.problems));
  const { model, manifest, artifactDigest } = stored;
  const view = parsed(parseFeatureView(await readFile(join(EXAMPLE, 'feature-view.yaml')), 'feature-view.yaml'));
  const trainingSet = await dataset(store, 'training-set.yaml');
  return {
    model: model.name,
    version,
    artifactDigest,
    manifest,
    modelFile: model,
    featureView: { ...view, featureHash: sha256(featureBytes(view.features)) },
    trainingSet,
    holdoutSet: await dataset(store, 'holdout-set.yaml'),
    latestTrainingSet: trainingSet.name,
  };
}

/** Everything a check is given, with the real model runner unless said otherwise. */
export function contextOf(store: Store, subject: CheckSubject, changes: Partial<CheckContext> = {}): CheckContext {
  const context = {
    store,
    models: createModelRunner(),
    data: createDataProfiler(),
    subject,
    production: null,
    policy,
    now: Date.parse(REGISTERED_AT),
    heartbeat: () => undefined,
    ...changes,
  };
  return { underLoad: () => underLoad(context), ...context };
}

/** The subject with another file as its model, listed everywhere as if it had been registered so. */
export async function withModel(store: Store, subject: CheckSubject, bytes: string | Uint8Array): Promise<CheckSubject> {
  const { digest, size } = await store.putBytes(bytes);
  const relist = <T extends { path: string }>(file: T) => (file.path === 'model.onnx' ? { ...file, sha256: digest, size } : file);
  return {
    ...subject,
    manifest: { files: subject.manifest.files.map(relist) },
    modelFile: { ...subject.modelFile, artifacts: subject.modelFile.artifacts.map(relist) },
  };
}

/** Changes one byte of what the store holds under the digest of a package's file. */
export async function damage(store: Store, subject: CheckSubject, path: string): Promise<void> {
  const file = store.pathOf(subject.manifest.files.find((one) => one.path === path)?.sha256 ?? '');
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await chmod(file, 0o644);
  await writeFile(file, bytes);
}

async function dataset(store: Store, file: string): Promise<DatasetRecord> {
  const { path, sha256: digest, positive = null, ...declared } = parsed(parseDataset(await readFile(join(EXAMPLE, file)), file));
  await store.put(join(EXAMPLE, path));
  return { ...declared, digest, positive, registeredAt: REGISTERED_AT };
}

function parsed<T>(result: { ok: true; value: T } | { ok: false; problems: readonly unknown[] }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}
