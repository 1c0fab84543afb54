import type { VersionName } from '../../domain/ids.js';
import { known, unknown, type FeatureReading, type LiveReading, type Reading, type ServiceFigures } from '../../domain/live.js';
import type { MetricsSource } from '../../activities/ports.js';
import type { MadePrediction } from './predictions.js';

/** A source that knows what it was told, and keeps the contract of the real ones (`test/metrics/source-contract.ts`). */
export interface FakeSource extends MetricsSource {
  predicted(of: VersionName, predictions: readonly MadePrediction[]): void;
  /** From now on this is answered of a version whatever was predicted; undefined goes back to what was. */
  says(of: VersionName, reading: Partial<LiveReading & { readonly features: FeatureReading }> | undefined): void;
}

/** A source in memory; the order of `names` is that of the features of its predictions. */
export function fakeSource(names: readonly string[] = [], now: () => number = Date.now): FakeSource {
  const kept: { readonly of: string; readonly at: number; readonly made: MadePrediction }[] = [];
  const said = new Map<string, Partial<LiveReading & { readonly features: FeatureReading }>>();
  const key = ({ model, version }: VersionName) => `${model} ${version}`;
  const within = (of: VersionName, windowMs: number, agoMs = 0) => {
    const end = now() - agoMs;
    return kept.filter((one) => one.of === key(of) && one.at > end - windowMs && one.at <= end);
  };
  return {
    name: 'fake',
    predicted: (of, predictions) => void kept.push(...predictions.map((made) => ({ of: key(of), at: now(), made }))),
    says: (of, reading) => void (reading ? said.set(key(of), reading) : said.delete(key(of))),
    async read(asked, signal) {
      signal.throwIfAborted();
      const rows = within(asked, asked.windowMs);
      const age = now() - Math.max(...rows.map(({ at }) => at));
      const isStale = rows.length > 0 && age > asked.freshMs;
      const labelled = within(asked, asked.labels.windowMs, asked.labels.delayMs).map(({ made }) => made);
      const count = (truth: 0 | 1, predicted: 0 | 1) =>
        labelled.filter((made) => made.truth === truth && made.predicted === predicted).length;
      return await Promise.resolve({
        service: isStale ? unknown('stale', `the newest is ${age} ms old`) : serviceOf(rows.map(({ made }) => made)),
        labels: known({
          truePositives: count(1, 1),
          falsePositives: count(0, 1),
          trueNegatives: count(0, 0),
          falseNegatives: count(1, 0),
        }),
        ...said.get(key(asked)),
      });
    },
    async features(asked, { names: wanted, maxRows }, signal) {
      signal.throwIfAborted();
      const told = said.get(key(asked))?.features;
      if (told) return told;
      const rows = within(asked, asked.windowMs).slice(-maxRows).reverse();
      if (rows.length === 0) return unknown('no data', 'nothing was predicted');
      if (wanted.some((name) => !names.includes(name))) return unknown('not measured', 'a feature is not known');
      const column = (name: string) => Float64Array.from(rows, ({ made }) => made.features[names.indexOf(name)] ?? Number.NaN);
      return await Promise.resolve(
        known(Object.fromEntries(wanted.map((name) => [name, { kind: 'values' as const, values: column(name) }]))),
      );
    },
  };
}

function serviceOf(predictions: readonly MadePrediction[]): Reading<ServiceFigures> {
  const sorted = predictions
    .filter(({ failed }) => !failed)
    .map(({ latencyMs }) => latencyMs)
    .sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  const latency = sorted.length > 0 ? { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) } : null;
  return known({ requests: predictions.length, errors: predictions.length - sorted.length, latency });
}
