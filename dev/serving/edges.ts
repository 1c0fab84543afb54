import { binEdges } from '../../domain/drift/bins.js';
import type { TrainingDistribution } from '../../domain/drift/training-distribution.js';
import type { Db } from '../../platform/pool.js';
import type { LoadedVersion } from './load.js';

/** The upper edges in which the values of each feature are counted, by its name. */
export type FeatureEdges = ReadonlyMap<string, readonly number[]>;

const BINS = 10;

/** The deciles of the training values of each feature of a version; none where the record has no distribution of them. */
export async function trainingEdges(
  db: Db,
  { model, version, trainedOn, features }: Pick<LoadedVersion, 'model' | 'version' | 'trainedOn' | 'features'>,
): Promise<FeatureEdges> {
  const { rows } = await db.query<{ distribution: string }>(
    `SELECT t.distribution FROM training_distribution t JOIN dataset d ON d.digest = t.dataset_digest
       JOIN model_version_detail v ON v.feature_hash = t.feature_hash JOIN model_registry m ON m.id = v.model_id
      WHERE m.name = $1 AND v.version = $2 AND d.name = $3`,
    [model, version, trainedOn],
  );
  const distribution = rows[0] && (JSON.parse(rows[0].distribution) as TrainingDistribution);
  const known = (distribution?.features ?? []).filter(({ name }) => features.includes(name));
  return new Map(known.map((feature) => [feature.name, binEdges(feature, BINS)]));
}
