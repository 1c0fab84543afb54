import type { FeatureEdges } from './edges.js';

/** How often the values of the features of one version were at most each edge. */
export interface FeatureCounts {
  count(row: Float32Array): void;
  /** Each feature's counts: cumulative, the last one of all values. */
  list(): readonly { readonly feature: string; readonly le: string; readonly count: number }[];
}

/** Counts from zero; `names` are the features in the order of the rows, and those without edges are left out. */
export function makeFeatureCounts(names: readonly string[], edges: FeatureEdges): FeatureCounts {
  const columns = names.flatMap((feature, at) => {
    const upTo = edges.get(feature);
    return upTo ? [{ feature, at, upTo, counts: new Float64Array(upTo.length + 1) }] : [];
  });
  return {
    count(row) {
      for (const { at, upTo, counts } of columns) {
        const value = row[at] ?? Number.NaN;
        // Rows are of single precision, and so was what the edges were made from.
        const bin = upTo.findIndex((edge) => value <= Math.fround(edge));
        const first = bin === -1 ? upTo.length : bin;
        counts[first] = (counts[first] ?? 0) + 1;
      }
    },
    list: () =>
      columns.flatMap(({ feature, upTo, counts }) => {
        let below = 0;
        return [...upTo.map(String), '+Inf'].map((le, i) => ({ feature, le, count: (below += counts[i] ?? 0) }));
      }),
  };
}
