import { setTimeout as delay } from 'node:timers/promises';
import { drifted, type Faults } from './faults.js';
import type { Labels } from './labels.js';
import type { LoadedVersion } from './load.js';
import type { EndpointMetrics } from './metrics.js';
import { predictionId } from './prediction-id.js';
import type { PredictionLog } from './prediction-log.js';

/** Everything a prediction leaves traces in. */
export interface Traces {
  readonly faults: Faults;
  readonly metrics: EndpointMetrics;
  readonly log: PredictionLog;
  readonly labels: Labels;
}

/** An answered prediction. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly label: number;
  readonly score: number;
}

/** Predicts one row, with the version's faults, and leaves the traces of it; undefined where the prediction failed. */
export async function predict(loaded: LoadedVersion, row: Float32Array, traces: Traces): Promise<Answer | undefined> {
  const { model, version } = loaded;
  const began = performance.now();
  const id = predictionId(Date.now());
  const fault = traces.faults.of(model, version);
  const features = drifted(row, fault);
  const answered = await answer(loaded, features, fault).catch(() => undefined);
  const latencyMs = performance.now() - began;
  const score = answered && answered.score >= 0 && answered.score <= 1 ? answered.score : null;
  traces.metrics.predicted(loaded, answered ? latencyMs / 1_000 : null, features);
  traces.log.prediction({
    id,
    model,
    version,
    failed: !answered,
    latencyMs: answered ? latencyMs : null,
    predicted: answered?.label ?? null,
    score,
    features,
  });
  if (!answered) return undefined;
  traces.labels.remember(id, { model, version, predicted: answered.label });
  return { id, model, version, ...answered };
}

async function answer(loaded: LoadedVersion, features: Float32Array, fault: ReturnType<Faults['of']>) {
  const { slow, failing = 0, inaccurate = 0 } = fault;
  if (slow !== undefined) await delay(slow);
  if (Math.random() < failing) throw new Error('told to fail');
  const { label, score } = await loaded.predict(features);
  return Math.random() < inaccurate ? { label: 1 - label, score: 1 - score } : { label, score };
}
