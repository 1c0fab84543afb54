import type { FeatureSample } from '../live.js';
import { isBeyond } from '../live-condition.js';
import { distanceTail, fisherTail } from '../tails.js';
import type { DriftPolicy } from '../watch-policy.js';
import { binEdges, countInBins, homogeneityChance, joinSparse, stabilityIndex, sum, type BinnedRows } from './bins.js';
import { byValue, largestDistance, rankSumChance } from './order.js';
import { presentValues, type FeatureDistribution } from './training-distribution.js';

/** How one feature of a window differs from the training set. A chance is that of a difference as large between equal ones. */
export interface FeatureDrift {
  readonly name: string;
  readonly psi: number;
  readonly psiChance: number;
  /** The Kolmogorov-Smirnov distance; the least it can be where the window is known by bins. */
  readonly ks: number;
  readonly ksChance: number;
  /** The chance of ranks that differ as much, which tells a shift from chance on fewer rows than the distance does. */
  readonly rankChance: number;
  /** Which share of the window's rows has no value, and of the training rows. */
  readonly missing: number;
  readonly missingInTraining: number;
  readonly missingChance: number;
  /** In which ways it has drifted; in none, it has not. */
  readonly drifted: readonly ('psi' | 'ks' | 'missing')[];
}

/** By how much more the share of rows without a value has to be than in training. */
const MISSING_MARGIN = 0.05;
/** Every feature is tested in so many ways. */
const TESTS = 4;
/** Rows in bins may be the same ones asked for again, which bins do not show: two count for one. */
export const BINNED_EVIDENCE = 0.5;

/**
 * How a feature differs from its training values. `evidence` is for how many independent rows each row counts, at most
 * 1; together they never count for more than the training rows, in bins than half of them. Of so many features, a window without drift shows drift in
 * none with a probability of 1 - `false_alarms` (Bonferroni). Undefined where training or window have nothing to compare.
 */
export function featureDrift(
  training: FeatureDistribution,
  sample: FeatureSample,
  { evidence, features }: { readonly evidence: number; readonly features: number },
  policy: DriftPolicy,
): FeatureDrift | undefined {
  if (training.rows === 0 || !isSound(sample)) return undefined;
  const rows = rowsOf(sample);
  const { coarse, fine } = compare(training, sample, policy.bins);
  const present = sum(fine.window);
  if (rows === 0) return undefined;
  const most = training.rows * (sample.kind === 'bins' ? BINNED_EVIDENCE : 1);
  const counted = Math.min(present * evidence, most);
  const differences = present === 0 ? NO_DIFFERENCE : differencesOf(coarse, fine, training.rows, counted);
  const missing = missingOf(training, rows, rows - present, evidence);
  const level = policy.false_alarms / (TESTS * features);
  const drifted: FeatureDrift['drifted'][number][] = [];
  const { psi, psiChance, ks, ksChance, rankChance } = differences;
  if (isBeyond(psi, policy.psi) && psiChance <= level) drifted.push('psi');
  if (isBeyond(ks, policy.ks) && Math.min(ksChance, rankChance) <= level) drifted.push('ks');
  if (isBeyond(missing.missing - missing.missingInTraining, MISSING_MARGIN) && missing.missingChance <= level)
    drifted.push('missing');
  return { name: training.name, ...differences, ...missing, drifted };
}

/** The rows of the window that a sample speaks of. */
export function rowsOf(sample: FeatureSample): number {
  return sample.kind === 'values' ? sample.values.length : sum(sample.counts);
}

function isSound(sample: FeatureSample): boolean {
  if (sample.kind === 'values') return true;
  const { edges, counts } = sample;
  const isAscending = edges.every((edge, at) => at === 0 || edge > (edges[at - 1] ?? edge));
  return isAscending && counts.length === edges.length + 1 && counts.every((count) => count >= 0 && Number.isFinite(count));
}

/** Training and window by bins of some rows each, for PSI, and as fine as they are known. */
function compare(training: FeatureDistribution, sample: FeatureSample, bins: number): { coarse: BinnedRows; fine: BinnedRows } {
  const inBins = (edges: readonly number[]) => countInBins(training.values, edges, (at) => training.counts[at] ?? 0);
  if (sample.kind === 'bins') {
    const binned = { training: inBins(sample.edges), window: sample.counts };
    return { coarse: binned, fine: binned };
  }
  const values = presentValues(sample.values);
  const edges = binEdges(training, bins);
  return {
    coarse: { training: inBins(edges), window: countInBins(values, edges, () => 1) },
    fine: byValue(training, values),
  };
}

type Differences = Pick<FeatureDrift, 'psi' | 'psiChance' | 'ks' | 'ksChance' | 'rankChance'>;
const NO_DIFFERENCE: Differences = { psi: 0, psiChance: 1, ks: 0, ksChance: 1, rankChance: 1 };

function differencesOf(coarse: BinnedRows, fine: BinnedRows, ofTraining: number, ofWindow: number): Differences {
  const joined = joinSparse(scaled(coarse, ofTraining, ofWindow));
  const ks = largestDistance(fine);
  return {
    psi: stabilityIndex(joined),
    psiChance: homogeneityChance(joined),
    ks,
    ksChance: distanceTail(ks, ofTraining, ofWindow),
    rankChance: rankSumChance(fine, ofTraining, ofWindow),
  };
}

function scaled({ training, window }: BinnedRows, ofTraining: number, ofWindow: number): BinnedRows {
  const [trainingScale, windowScale] = [ofTraining / sum(training), ofWindow / sum(window)];
  return { training: training.map((count) => count * trainingScale), window: window.map((count) => count * windowScale) };
}

function missingOf(
  training: FeatureDistribution,
  seen: number,
  withoutValue: number,
  evidence: number,
): Pick<FeatureDrift, 'missing' | 'missingInTraining' | 'missingChance'> {
  const trainingRows = training.rows + training.missing;
  const missing = withoutValue / seen;
  const rows = Math.round(Math.min(seen * evidence, trainingRows));
  const hits = Math.round(missing * rows);
  const missingChance = hits === 0 ? 1 : fisherTail(hits, rows, hits + training.missing, rows + trainingRows);
  return { missing, missingInTraining: training.missing / trainingRows, missingChance };
}
