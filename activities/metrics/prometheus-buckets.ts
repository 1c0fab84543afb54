import { known, unknown, type FeatureReading, type FeatureSample, type Reading } from '../../domain/live.js';
import type { WindowAsked } from '../ports.js';
import type { Sample } from './prometheus-http.js';
import { amountOf, strangeLabels, valueOf } from './prometheus-sample.js';

const QUERY = 'features';
/** Buckets are extrapolated one by one: so far one may be below the one before it, as a share of all. */
const SLACK = 1e-6;

/** How many values were at most `edge`. */
interface Bucket {
  readonly edge: number;
  readonly count: number;
}

/** The features that are named, from the cumulative buckets of a histogram; what is said of others is left out. */
export function binsOf(
  samples: readonly Sample[],
  asked: Pick<WindowAsked, 'model' | 'version'>,
  names: readonly string[],
): FeatureReading {
  const strange = strangeLabels(QUERY, samples, asked);
  if (strange) return strange;
  const byFeature = new Map(names.map((name) => [name, [] as Sample[]]));
  for (const sample of samples) byFeature.get(String(sample.labels['feature']))?.push(sample);
  const bins: Record<string, FeatureSample> = {};
  for (const [name, series] of byFeature) {
    const read = binsOfOne(name, series);
    if (!read.known) return read;
    bins[name] = read.value;
  }
  return known(bins);
}

function binsOfOne(name: string, series: readonly Sample[]): Reading<FeatureSample> {
  const buckets: Bucket[] = [];
  for (const sample of series) {
    const edge = edgeOf(sample);
    const count = amountOf(QUERY, sample);
    if (edge === undefined) return unknown('invalid sample', `a bucket of the feature ${name} has no upper edge`);
    if (!count.known) return count;
    buckets.push({ edge, count: count.value });
  }
  buckets.sort((a, b) => a.edge - b.edge);
  const edges = buckets.map(({ edge }) => edge);
  const all = buckets.at(-1);
  if (!all || all.count < 0.5) return unknown('no data', `no value of the feature ${name} was counted in the window`);
  if (new Set(edges).size < edges.length) return unknown('ambiguous', `the feature ${name} has two buckets of one edge`);
  if (all.edge !== Infinity || edges.length < 2)
    return unknown('invalid sample', `the feature ${name} has no bucket up to +Inf, or no other`);
  const between = buckets.map(({ count }, at) => count - (buckets[at - 1]?.count ?? 0));
  if (between.some((count) => count < -SLACK * all.count))
    return unknown('invalid sample', `the buckets of the feature ${name} do not rise: they are not cumulative`);
  // Extrapolated counts are not whole.
  return known({ kind: 'bins', edges: edges.slice(0, -1), counts: between.map((count) => Math.max(0, Math.round(count))) });
}

/** In single precision, as the values of a training set are kept: 0.1 is then at most 0.1. */
function edgeOf({ labels }: Sample): number | undefined {
  const edge = valueOf({ value: labels['le'] });
  if (edge === '+Inf') return Infinity;
  return typeof edge === 'number' ? Math.fround(edge) : undefined;
}
