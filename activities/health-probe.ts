import type { Health } from '../domain/soak.js';
import { damagedFiles } from './checks/artifacts.js';
import type { CheckContext } from './checks/check.js';
import { modelArtifact, runLimits } from './checks/measure.js';
import { ModelRefused } from './checks/model-refused.js';
import type { LabelledRows } from './ports.js';

/** A stored version, and where to get one row it can be tried on, in the order of its features. */
export interface ProbeInput extends Pick<CheckContext, 'store' | 'models' | 'subject' | 'policy' | 'signal'> {
  readonly row: () => Promise<Pick<LabelledRows, 'features' | 'width'>>;
}

/** What one look at a stored version found; the reason is empty when it is healthy. */
export interface ProbeAnswer {
  readonly verdict: Health;
  readonly reason: string;
  readonly tookMs: number;
}

/**
 * One look at a version: critical when its package is no longer what its digest says, warning when its model cannot be
 * loaded or does not answer a finite figure, unknown when that could not be tried. Throws only when cancelled.
 */
export async function probeArtifact(input: ProbeInput): Promise<ProbeAnswer> {
  const started = performance.now();
  const [verdict, reason] = await look(input);
  return { verdict, reason, tookMs: Math.round(performance.now() - started) };
}

async function look(input: ProbeInput): Promise<readonly [Health, string]> {
  const { store, models, subject, policy, row, signal } = input;
  try {
    const damaged = await damagedFiles(input);
    if (damaged.length > 0) return ['critical', damaged.join('; ')];
    const { scores } = await models.predict(store.pathOf(modelArtifact(subject).sha256), await row(), runLimits(policy, signal));
    if (scores.every((score) => Number.isFinite(score))) return ['healthy', ''];
    return ['warning', `the model answers ${scores.join(', ')} on a hold-out row`];
  } catch (problem) {
    signal?.throwIfAborted();
    const reason = problem instanceof Error ? problem.message : String(problem);
    return [problem instanceof ModelRefused ? 'warning' : 'unknown', reason];
  }
}
