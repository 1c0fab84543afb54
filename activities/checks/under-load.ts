import { stat } from 'node:fs/promises';
import { predictionsAsked } from '../../domain/load.js';
import { formatDuration } from '../../domain/quantity.js';
import type { CheckContext, UnderLoad } from './check.js';
import { holdoutOf, readHoldout } from './holdout.js';
import { modelArtifact, runLimits } from './measure.js';
import { ModelRefused } from './model-refused.js';

const WARM_UP = 20;

/**
 * Runs a version's model under the policy's load, in a process of its own. Throws when that could not be tried; a model that
 * cannot be loaded or goes over a limit is an answer.
 */
export async function underLoad(context: Omit<CheckContext, 'underLoad'>): Promise<UnderLoad> {
  const { store, models, subject, policy, signal } = context;
  const { sha256 } = modelArtifact(subject);
  const holdout = holdoutOf(subject);
  if (!(await store.verify(sha256, signal))) throw new Error(`the stored model does not have its SHA-256 ${sha256}`);
  const path = store.pathOf(sha256);
  const { size: sizeBytes } = await stat(path);
  const rows = await readHoldout(context);
  const { rate, for: forMs, cores } = policy.load;
  const source =
    `hold-out set ${holdout.name} (sha256 ${holdout.digest}, ${rows.labels.length} rows) as single predictions, ${rate} a second ` +
    `for ${formatDuration(forMs)} after ${WARM_UP} to warm up, each due at its time whether or not those before are answered; ` +
    `${subject.version} (model sha256 ${sha256}) in a process of its own, the runtime included, on ${cores} ${cores === 1 ? 'core' : 'cores'}`;
  try {
    const load = { ratePerSecond: rate, forMs, warmUp: WARM_UP, cores };
    const measured = await models.load(path, rows, load, runLimits(policy, signal));
    const asked = predictionsAsked(rate, forMs);
    const late = `${measured.answered} of ${asked} predictions were answered in ${formatDuration(measured.wallMs)}`;
    const reasons = measured.answered < asked ? [`it cannot keep up with ${rate} predictions a second: ${late}`] : [];
    return { sizeBytes, measured, reasons, source };
  } catch (problem) {
    if (problem instanceof ModelRefused) return { sizeBytes, measured: null, reasons: [problem.message], source };
    throw problem;
  }
}
