import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import type { TrainingDistribution } from '../../domain/drift/training-distribution.js';
import type { VersionName } from '../../domain/ids.js';
import type { Db } from '../../platform/pool.js';
import { classify, loggable } from '../failures.js';
import type { Deps } from '../registry/deps.js';
import { CannotMeasure } from './cannot-measure.js';
import { viewText, type CheckSubject } from './subject.js';

/** The distribution of what a version was trained on, as it is kept; undefined where it was never made. */
export async function trainingDistributionOf(db: Db, { model, version }: VersionName): Promise<TrainingDistribution | undefined> {
  const { rows } = await db.query<{ distribution: string }>(
    `SELECT d.distribution FROM model_registry m JOIN model_version_detail v ON v.model_id = m.id
       JOIN trained_on t ON t.model_id = m.id AND t.version = v.version
       JOIN training_distribution d ON d.dataset_digest = t.dataset_digest AND d.feature_hash = v.feature_hash
      WHERE m.name = $1 AND v.version = $2`,
    [model, version],
  );
  return distributionIn(rows);
}

/**
 * The same, made from the stored training set and kept where it was not before. Undefined, and on the log, where that cannot be done:
 * no data set is registered, or it is damaged or cannot be read. Throws when cancelled, and where the record is away.
 */
export async function ensureTrainingDistribution(
  deps: Pick<Deps, 'pool' | 'store' | 'data' | 'log'>,
  subject: CheckSubject,
  signal?: AbortSignal,
): Promise<TrainingDistribution | undefined> {
  const { model, version } = subject;
  try {
    return (await trainingDistributionOf(deps.pool, subject)) ?? (await keep(deps, subject, signal));
  } catch (error) {
    signal?.throwIfAborted();
    if (classify(error) === 'away') throw error;
    deps.log('warn', 'the distribution of a training set cannot be made', { model, version, ...loggable(error) });
    return undefined;
  }
}

async function keep(
  { pool, store, data }: Pick<Deps, 'pool' | 'store' | 'data'>,
  { model, version, modelFile, trainingSet, featureView }: CheckSubject,
  signal: AbortSignal | undefined,
): Promise<TrainingDistribution> {
  if (!trainingSet) throw new CannotMeasure(`the training set ${modelFile.training.dataset} is not registered`);
  if (!featureView) throw new CannotMeasure(`${viewText(modelFile.featureView)} is not registered`);
  const { digest } = trainingSet;
  const { featureHash, features } = featureView;
  const { rows } = await pool.query<{ distribution: string }>(
    'SELECT distribution FROM training_distribution WHERE dataset_digest = $1 AND feature_hash = $2',
    [digest, featureHash],
  );
  let distribution = distributionIn(rows);
  if (!distribution) {
    if (!(await store.verify(digest, signal))) throw new Error(`the stored data set does not have its SHA-256 ${digest}`);
    distribution = await data.distribution({ path: store.pathOf(digest), features }, signal);
    // Whoever makes it at the same moment makes the same.
    await pool.query(
      'INSERT INTO training_distribution (dataset_digest, feature_hash, distribution) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [digest, featureHash, canonicalJson(distribution as unknown as JsonValue)],
    );
  }
  await pool.query(
    `INSERT INTO trained_on (model_id, version, dataset_digest) SELECT id, $2, $3 FROM model_registry WHERE name = $1
       ON CONFLICT DO NOTHING`,
    [model, version, digest],
  );
  return distribution;
}

function distributionIn(rows: readonly { readonly distribution: string }[]): TrainingDistribution | undefined {
  return rows[0] && (JSON.parse(rows[0].distribution) as TrainingDistribution);
}
