import type { TrainingDistribution } from '../../domain/drift/training-distribution.js';
import type { VersionName } from '../../domain/ids.js';
import type { Db } from '../../platform/pool.js';
import type { Deps } from '../registry/deps.js';
import type { CheckSubject } from './subject.js';
export function ensureTrainingDistribution(
  _deps: Deps,
  _subject: CheckSubject,
  _signal?: AbortSignal,
): Promise<TrainingDistribution | undefined> {
  return Promise.resolve({ rows: 0, distinctRows: 0, features: [] });
}
export function trainingDistributionOf(_db: Db, _of: VersionName): Promise<TrainingDistribution | undefined> {
  return Promise.resolve(undefined);
}
