import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import type { TrainingDistribution } from '../../domain/drift/training-distribution.js';
import type { Db } from '../../platform/pool.js';
import { CannotMeasure } from '../checks/cannot-measure.js';
import { viewText, type CheckSubject } from '../checks/subject.js';
import type { Deps } from '../registry/deps.js';

/** What a training distribution is of: a data file, and the ordered features that are read from it. */
export interface DistributionKey {
  readonly datasetDigest: string;
  readonly featureHash: string;
}

/** The distribution that is kept, or undefined where none was made. */
export async function readTrainingDistribution(
  db: Db,
  { datasetDigest, featureHash }: DistributionKey,
): Promise<TrainingDistribution | undefined> {
  const { rows } = await db.query<{ distribution: string }>(
    'SELECT distribution FROM training_distribution WHERE dataset_digest = $1 AND feature_hash = $2',
    [datasetDigest, featureHash],
  );
  return rows[0] && (JSON.parse(rows[0].distribution) as TrainingDistribution);
}

/**
 * The distribution of the training set of a version: the one that is kept, or made from the stored file now and kept. Throws a
 * `CannotMeasure` where the version names no registered set or view, and an Error where the file is damaged or cannot be read.
 */
export async function ensureTrainingDistribution(
  { pool, store, data }: Pick<Deps, 'pool' | 'store' | 'data'>,
  { modelFile, trainingSet, featureView }: Pick<CheckSubject, 'modelFile' | 'trainingSet' | 'featureView'>,
  signal?: AbortSignal,
): Promise<TrainingDistribution> {
  if (!trainingSet) throw new CannotMeasure(`the training set ${modelFile.training.dataset} is not registered`);
  if (!featureView) throw new CannotMeasure(`${viewText(modelFile.featureView)} is not registered`);
  const key = { datasetDigest: trainingSet.digest, featureHash: featureView.featureHash };
  const kept = await readTrainingDistribution(pool, key);
  if (kept) return kept;
  if (!(await store.verify(key.datasetDigest, signal)))
    throw new Error(`the stored data set does not have its SHA-256 ${key.datasetDigest}`);
  const request = { path: store.pathOf(key.datasetDigest), features: featureView.features };
  const made = await data.distribution(request, signal);
  // Whoever made it at the same moment made the same.
  await pool.query(
    'INSERT INTO training_distribution (dataset_digest, feature_hash, distribution) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [key.datasetDigest, key.featureHash, canonicalJson(made as unknown as JsonValue)],
  );
  return made;
}
