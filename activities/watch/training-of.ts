import type { TrainingDistribution } from '../../domain/drift/training-distribution.js';
import type { VersionName } from '../../domain/ids.js';
import type { CheckSubject } from '../checks/subject.js';
import { ensureTrainingDistribution } from '../checks/training-distribution.js';
import { loggable } from '../failures.js';
import type { Deps } from '../registry/deps.js';
import { loadSubject } from '../registry/subject.js';

/** What a version was trained on, as far as it can be known now; a look does not fail for it. */
export type TrainingOf = (
  of: VersionName,
  subject?: CheckSubject,
  signal?: AbortSignal,
) => Promise<TrainingDistribution | undefined>;

const KEPT = 50;

/** Reads training distributions, and remembers the last ones: a version's never changes, and every look needs it. */
export function createTrainingOf(deps: Pick<Deps, 'pool' | 'store' | 'data' | 'log'>): TrainingOf {
  const known = new Map<string, TrainingDistribution>();

  return async ({ model, version }, given, signal) => {
    const key = `${model}/${version}`;
    const before = known.get(key);
    if (before) return before;
    try {
      const subject = given ?? (await loadSubject(deps.pool, deps.store, model, version));
      const training = subject && (await ensureTrainingDistribution(deps, subject, signal));
      const [oldest] = known.keys();
      if (known.size >= KEPT && oldest !== undefined) known.delete(oldest);
      if (training) known.set(key, training);
      return training;
    } catch (error) {
      signal?.throwIfAborted();
      deps.log('warn', 'a training distribution could not be read', { model, version, ...loggable(error) });
      return undefined;
    }
  };
}
