import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Histogram, Registry } from 'prom-client';
import type { VersionName } from '../../domain/ids.js';
import type { MadePrediction } from './predictions.js';

/** A serving system as Prometheus sees it: what its policy asks for by the names that the defaults have. */
export interface Exporter {
  /** As `host:port`. */
  readonly target: string;
  /** Counters that are not there before they count have never risen. */
  announce(of: VersionName): void;
  predicted(of: VersionName, predictions: readonly MadePrediction[]): void;
  close(): Promise<void>;
}

/** The upper edges of the buckets of every feature. */
export const FEATURE_EDGES = [0, 1, 2, 3, 4];

/** Starts an exporter; features are named by `names` in their order. */
export async function startExporter(names: readonly string[]): Promise<Exporter> {
  const registry = new Registry();
  const [labelNames, registers] = [['model', 'version'], [registry]];
  const counter = (name: string, more: string[] = []) =>
    new Counter({ name, help: name, labelNames: [...labelNames, ...more], registers });
  const requests = counter('model_predictions_total');
  const errors = counter('model_prediction_errors_total');
  const labelled = counter('model_labelled_predictions_total', ['truth', 'predicted']);
  const seconds = new Histogram({
    name: 'model_prediction_duration_seconds',
    help: 'seconds',
    labelNames,
    buckets: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
    registers,
  });
  const values = new Histogram({
    name: 'model_feature_value',
    help: 'values',
    labelNames: [...labelNames, 'feature'],
    buckets: FEATURE_EDGES,
    registers,
  });
  const server = createServer((_, response) => {
    void registry.metrics().then((text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    announce({ model, version }) {
      const of = { model, version };
      requests.inc(of, 0);
      errors.inc(of, 0);
      seconds.zero(of);
      for (const truth of [0, 1]) for (const predicted of [0, 1]) labelled.inc({ ...of, truth, predicted }, 0);
      for (const feature of names) values.zero({ ...of, feature });
    },
    predicted({ model, version }, predictions) {
      const of = { model, version };
      for (const { failed, latencyMs, predicted, truth, features } of predictions) {
        requests.inc(of);
        if (failed) errors.inc(of);
        else seconds.observe(of, latencyMs / 1_000);
        if (truth !== null) labelled.inc({ ...of, truth, predicted });
        features.forEach((value, at) => values.observe({ ...of, feature: names[at] ?? '' }, value));
      }
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
