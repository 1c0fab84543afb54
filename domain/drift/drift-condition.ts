import type { Reading } from '../live.js';
import { notKnown, type Condition } from '../live-condition.js';
import { formatFigure } from '../metrics.js';
import type { DriftPolicy } from '../watch-policy.js';
import type { FeatureDrift } from './feature-drift.js';
import { driftedFeatures, type WindowDrift } from './window-drift.js';

/** How many features are named where more have drifted. */
const NAMED = 5;

/** How drift stands: "drift beyond the policy's bound" is a warning (rules §4). */
export function driftCondition(drift: Reading<WindowDrift>, policy: DriftPolicy): Condition {
  const bounds = `PSI > ${formatFigure(policy.psi)} or KS > ${formatFigure(policy.ks)}`;
  const limit = `${bounds}, by chance in at most ${formatFigure(policy.false_alarms)} of windows`;
  if (!drift.known) return notKnown('drift', drift.why, { limit });
  const { features, uncompared } = drift.value;
  const drifted = driftedFeatures(drift.value);
  const named = drifted.slice(0, NAMED).map(driftText);
  const more = drifted.length > NAMED ? `, and ${drifted.length - NAMED} more` : '';
  const compared = `${drifted.length} of ${features.length} features`;
  return {
    condition: 'drift',
    severity: drifted.length > 0 ? 'warning' : 'none',
    known: true,
    measured: uncompared.length > 0 ? `${compared}; ${uncompared.length} not compared` : compared,
    limit,
    baseline: 'training set',
    why: drifted.length > 0 ? `${named.join(', ')}${more}` : '',
  };
}

function driftText({ name, psi, ks, missing, drifted }: FeatureDrift): string {
  const ways = {
    psi: `PSI ${formatFigure(psi, 2)}`,
    ks: `KS ${formatFigure(ks, 2)}`,
    missing: `${formatFigure(missing, 2)} missing`,
  };
  return `${name} (${drifted.map((way) => ways[way]).join(', ')})`;
}
