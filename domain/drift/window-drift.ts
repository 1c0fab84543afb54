import { unknown, type FeatureReading, type FeatureSample, type Reading } from '../live.js';
import type { DriftPolicy } from '../watch-policy.js';
import { BINNED_EVIDENCE, featureDrift, rowsOf, type FeatureDrift } from './feature-drift.js';
import { rowGroups, type TrainingDistribution } from './training-distribution.js';

/** How the features of a window differ from the training set. */
export interface WindowDrift {
  /** The rows of the window, and for how many independent ones they count. */
  readonly rows: number;
  readonly evidence: number;
  /** The least likely first. */
  readonly features: readonly FeatureDrift[];
  /** The features of the training set that the window says nothing of. */
  readonly uncompared: readonly string[];
}

/** Fewer different rows say nothing, however often they were asked for: the tests hold for samples that are not small. */
const LEAST_EVIDENCE = 30;
/** Training rows repeat each other by nature where no more than this share of them differ. */
const MOSTLY_DISTINCT = 0.95;

/**
 * How a window's features differ from the training set, or why that is not known. A window without drift is called drifted with
 * a probability of at most `false_alarms`. It rests on rows that were drawn one by one: the same row asked for again is no more
 * evidence, which only values show; of rows that come in bins two count for one.
 */
export function windowDrift(training: TrainingDistribution, reading: FeatureReading, policy: DriftPolicy): Reading<WindowDrift> {
  if (!reading.known) return reading;
  const samples = training.features.map((feature) => ({ feature, sample: sampleOf(reading.value, feature.name) }));
  const columns = samples.flatMap(({ sample }) => (sample?.kind === 'values' ? [sample.values] : []));
  const counted = columns[0]?.length ?? 0;
  if (columns.some(({ length }) => length !== counted)) return unknown('invalid sample', 'the features are of unequal rows');
  const share = columns.length === 0 ? 1 : independentShare(columns, training);
  const features: FeatureDrift[] = [];
  const uncompared: string[] = [];
  let [rows, evidence] = [0, 0];
  for (const { feature, sample } of samples) {
    const [seen, each] = [sample ? rowsOf(sample) : 0, sample?.kind === 'values' ? share : BINNED_EVIDENCE];
    [rows, evidence] = [Math.max(rows, seen), Math.max(evidence, seen * each)];
    const isEnough = seen >= policy.min_rows && seen * each >= LEAST_EVIDENCE;
    const of = { evidence: each, features: training.features.length };
    const drift = sample && isEnough ? featureDrift(feature, sample, of, policy) : undefined;
    if (drift) features.push(drift);
    else uncompared.push(feature.name);
  }
  if (features.length === 0) return unknown(...whyNothing(rows, evidence, policy));
  return { known: true, value: { rows, evidence, features: features.sort((a, b) => chance(a) - chance(b)), uncompared } };
}

/** The features that have drifted, the least likely first. */
export function driftedFeatures({ features }: WindowDrift): FeatureDrift[] {
  return features.filter(({ drifted }) => drifted.length > 0);
}

/**
 * For how many independent rows each row counts: all rows over the sum of squares of how often each comes (Kish 1965, Survey
 * Sampling), so that a hundred rows asked for again and again stay a hundred. Rows that repeat in training as well count whole.
 */
function independentShare(columns: readonly Float64Array[], training: TrainingDistribution): number {
  if (training.distinctRows <= MOSTLY_DISTINCT * training.rows) return 1;
  const groups = rowGroups(columns);
  const squares = groups.reduce((total, times) => total + times * times, 0);
  return squares === 0 ? 1 : (columns[0]?.length ?? 0) / squares;
}

function sampleOf(samples: Readonly<Record<string, FeatureSample>>, name: string): FeatureSample | undefined {
  return Object.hasOwn(samples, name) ? samples[name] : undefined;
}

function chance({ psiChance, ksChance, rankChance, missingChance, drifted }: FeatureDrift): number {
  // What has drifted stands before what is only unlikely.
  return Math.min(psiChance, ksChance, rankChance, missingChance) - (drifted.length > 0 ? 1 : 0);
}

function whyNothing(
  rows: number,
  evidence: number,
  { min_rows }: DriftPolicy,
): ['no data' | 'too few samples' | 'invalid sample', string] {
  if (rows === 0) return ['no data', 'there are no values of the features that the version was trained on'];
  if (rows < min_rows) return ['too few samples', `drift is told from ${min_rows} rows on, and there are ${Math.floor(rows)}`];
  if (evidence < LEAST_EVIDENCE) {
    const same = `${Math.floor(rows)} rows, but so few different ones that they count as ${Math.floor(evidence)}`;
    return ['too few samples', `drift is told from ${LEAST_EVIDENCE} different rows on; there are ${same}`];
  }
  return ['invalid sample', 'no feature can be compared with the training set'];
}
