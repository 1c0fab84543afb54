import { Counter, Histogram, Registry } from 'prom-client';
import type { FeatureEdges } from './edges.js';
import { makeFeatureCounts, type FeatureCounts } from './feature-counts.js';
import type { LoadedVersion } from './load.js';

/** Seconds; closest together where the guidelines have their limits, 0.2 and 0.5. */
const DURATION_EDGES = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 1, 2, 5];

type Of = { readonly model: string; readonly version: string };
type Loaded = Of & Pick<LoadedVersion, 'features'> & { readonly edges: FeatureEdges };

/** What Prometheus is told, under the names and labels that a policy's first queries ask for. */
export interface EndpointMetrics {
  /** Makes the series of a version with zeros, so that the first of anything is seen as an increase. */
  begin(loaded: Loaded): void;
  /** One prediction that was asked for, with the features that the model saw; seconds where it was answered, null where it failed. */
  predicted(of: Of, seconds: number | null, row: Float32Array): void;
  labelled(of: Of, truth: number, predicted: number): void;
  /** The text of `GET /metrics`. */
  text(): Promise<{ readonly body: string; readonly contentType: string }>;
}

/** The metrics of one process. */
export function makeMetrics(): EndpointMetrics {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['model', 'version'] as const;
  const requests = new Counter({ name: 'model_predictions_total', help: 'Predictions asked for', labelNames, registers });
  const errors = new Counter({ name: 'model_prediction_errors_total', help: 'Predictions that failed', labelNames, registers });
  const duration = new Histogram({
    name: 'model_prediction_duration_seconds',
    help: 'How long answered predictions took',
    labelNames,
    buckets: DURATION_EDGES,
    registers,
  });
  const labels = new Counter({
    name: 'model_labelled_predictions_total',
    help: 'Predictions whose label has arrived, by true and predicted class',
    labelNames: ['model', 'version', 'truth', 'predicted'] as const,
    registers,
  });
  const features = new Map<string, { readonly of: Of; readonly counts: FeatureCounts }>();
  const keyOf = ({ model, version }: Of) => `${model} ${version}`;
  // A histogram of the library has the same edges for all of its labels.
  registry.registerMetric(
    new Counter({
      name: 'model_feature_value_bucket',
      help: 'Predictions whose feature was at most le',
      labelNames: ['model', 'version', 'feature', 'le'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const { of, counts } of features.values())
          for (const { feature, le, count } of counts.list()) this.inc({ ...of, feature, le }, count);
      },
    }),
  );
  const pick = ({ model, version }: Of): Of => ({ model, version });
  return {
    begin({ features: names, edges, ...of }) {
      if (!features.has(keyOf(of))) features.set(keyOf(of), { of: pick(of), counts: makeFeatureCounts(names, edges) });
      requests.inc(pick(of), 0);
      errors.inc(pick(of), 0);
      duration.zero(pick(of));
      for (const truth of [0, 1]) for (const predicted of [0, 1]) labels.inc({ ...pick(of), truth, predicted }, 0);
    },
    predicted(of, seconds, row) {
      features.get(keyOf(of))?.counts.count(row);
      requests.inc(pick(of));
      if (seconds === null) errors.inc(pick(of));
      else duration.observe(pick(of), seconds);
    },
    labelled: (of, truth, predicted) => labels.inc({ ...pick(of), truth, predicted }),
    text: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
  };
}
