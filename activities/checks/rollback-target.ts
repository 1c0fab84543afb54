import { damagedFiles } from './artifacts.js';
import type { CheckContext } from './check.js';
import { firstHoldoutRow } from './holdout.js';
import { modelArtifact, runLimits } from './measure.js';
import { ModelRefused } from './model-refused.js';
import type { CheckSubject } from './subject.js';

/** What is known of the version that a rollback would choose, were the subject in production now. */
export interface TriedTarget {
  readonly measured: string;
  readonly source: string;
  /** What keeps it from serving again. */
  readonly gaps: readonly string[];
}

/**
 * Tries the version in production today, which is the one a rollback goes back to: every artifact is there and matches, and its
 * model loads and answers a hold-out row. Throws when that could not be tried.
 */
export async function triedTarget(context: CheckContext): Promise<TriedTarget> {
  const target = context.production;
  if (!target) {
    const none = 'none: no version is in production yet';
    return { measured: none, source: `rollback target ${none}`, gaps: [] };
  }
  const { version } = target;
  const { store, signal } = context;
  const source = `rollback target ${version} in the store, against its manifest ${target.artifactDigest}`;
  const damaged = await damagedFiles({ store, subject: target, signal });
  if (damaged.length > 0) {
    return { measured: `${version}: damaged`, source, gaps: damaged.map((damage) => `rollback target ${version}: ${damage}`) };
  }
  const refused = await refusal(context, target);
  if (refused !== undefined) {
    return { measured: `${version}: does not answer`, source, gaps: [`rollback target ${version}: ${refused}`] };
  }
  const files = `${target.manifest.files.length} files as in its manifest`;
  return { measured: `${version}: ${files}; loads and answers a hold-out row`, source, gaps: [] };
}

async function refusal({ store, models, policy, signal }: CheckContext, target: CheckSubject): Promise<string | undefined> {
  const row = await firstHoldoutRow(store, target, signal);
  try {
    const { scores } = await models.predict(store.pathOf(modelArtifact(target).sha256), row, runLimits(policy, signal));
    return scores.every(Number.isFinite) ? undefined : `the model answers ${scores.join(', ')} on a hold-out row`;
  } catch (problem) {
    if (problem instanceof ModelRefused) return problem.message;
    throw problem;
  }
}
