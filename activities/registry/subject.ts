import type { Feature } from '../../domain/checks.js';
import { problemLine } from '../../platform/files/yaml-document.js';
import type { Db } from '../../platform/pool.js';
import { loadPackage } from '../../platform/package.js';
import type { Store } from '../../platform/store.js';
import type { CheckSubject, DatasetRecord, FeatureViewName, RegisteredFeatureView } from '../checks/subject.js';

/** The stored package of a version no longer holds together; the message names what is wrong. */
export class PackageDamaged extends Error {
  override readonly name = 'PackageDamaged';
}

/**
 * A version as checks see it: its row, its stored package, and what that names as it is registered; undefined when unknown.
 * Throws `PackageDamaged` when the package in the store is not what was registered, and an Error when there is no store.
 */
export async function loadSubject(db: Db, store: Store, model: string, version: string): Promise<CheckSubject | undefined> {
  const { rows } = await db.query<{ artifact_digest: string }>(
    `SELECT v.artifact_digest FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id WHERE m.name = $1 AND v.version = $2`,
    [model, version],
  );
  const row = rows[0];
  if (!row) return undefined;
  await store.mustBeThere();
  const loaded = await loadPackage(store, row.artifact_digest);
  if (!loaded.ok) throw new PackageDamaged(loaded.problems.map(problemLine).join('; '));
  const { model: modelFile, manifest } = loaded;
  const trainingSet = await datasetNamed(db, modelFile.training.dataset);
  return {
    model,
    version,
    artifactDigest: row.artifact_digest,
    manifest,
    modelFile,
    featureView: await featureViewOf(db, modelFile.featureView),
    trainingSet,
    holdoutSet: await datasetNamed(db, modelFile.holdout),
    latestTrainingSet: trainingSet && (await latestTrainingSetOf(db, trainingSet.series)),
  };
}

async function featureViewOf(db: Db, { name, version }: FeatureViewName): Promise<RegisteredFeatureView | null> {
  const { rows } = await db.query<{ feature_hash: string; features: string }>(
    'SELECT feature_hash, features FROM feature_view WHERE name = $1 AND version = $2',
    [name, version],
  );
  const row = rows[0];
  return row ? { name, version, featureHash: row.feature_hash, features: JSON.parse(row.features) as Feature[] } : null;
}

interface DatasetRow {
  name: string;
  series: string;
  role: DatasetRecord['role'];
  digest: string;
  feature_view: string;
  feature_view_version: number;
  label: string;
  positive: string | null;
  registered_at: string;
}

async function datasetNamed(db: Db, name: string): Promise<DatasetRecord | null> {
  const { rows } = await db.query<DatasetRow>('SELECT * FROM dataset WHERE name = $1', [name]);
  const row = rows[0];
  if (!row) return null;
  const { series, role, digest, label, positive } = row;
  return {
    name,
    series,
    role,
    digest,
    label,
    positive,
    registeredAt: row.registered_at,
    featureView: { name: row.feature_view, version: row.feature_view_version },
  };
}

async function latestTrainingSetOf(db: Db, series: string): Promise<string | null> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT name FROM dataset WHERE series = $1 AND role = 'training' ORDER BY seq DESC LIMIT 1`,
    [series],
  );
  return rows[0]?.name ?? null;
}
