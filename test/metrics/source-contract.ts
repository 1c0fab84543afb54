import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetricsSource, WindowAsked } from '../../activities/ports.js';
import type { VersionName } from '../../domain/ids.js';
import type { FeatureSample } from '../../domain/live.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';
import { prediction, type MadePrediction } from '../support/predictions.js';
import { eventually } from '../support/stack.js';

/** A source, and the serving system whose predictions it shows. */
export interface SourcePeer {
  readonly source: MetricsSource;
  /** Whose features are those of {@link FEATURES}. */
  readonly model: string;
  /** Answers when the source can have it; figures show it soon after. */
  predicted(of: VersionName, predictions: readonly MadePrediction[]): Promise<void>;
  close(): Promise<void>;
}

/** The features of the predictions, in their order. */
export const FEATURES = ['age', 'tau'];

/** A window of the last ten minutes of a version. */
export function windowOf(of: VersionName, change: Partial<WindowAsked> = {}): WindowAsked {
  return {
    ...of,
    windowMs: 600_000,
    freshMs: 10_000,
    labels: { delayMs: 0, windowMs: 600_000 },
    queries: FIRST_WATCH.prometheus,
    ...change,
  };
}

/** 100 predictions, ten of which failed; of those answered, two in thirty are slow; labels are 45 and 30 right, 5 and 10 wrong. */
const PREDICTIONS = Array.from({ length: 100 }, (_, at) => {
  const predicted = at % 10 < 5 ? 1 : 0;
  return prediction({
    failed: at % 10 === 9,
    latencyMs: at % 15 === 0 ? 300 : 15,
    predicted,
    truth: at % 10 === 9 ? null : predicted === 1 ? (at % 10 === 0 && at < 50 ? 0 : 1) : at % 10 === 5 ? 1 : 0,
    features: [at % 4, at % 2],
  });
});

/** What every source keeps to; counts of one that extrapolates are only nearly so. Left out where there is none to start. */
export function keepsContract(name: string, start: (() => Promise<SourcePeer>) | undefined): void {
  describe.skipIf(!start)(`the contract of a metrics source: ${name}`, () => {
    let peer: SourcePeer;
    const signal = new AbortController().signal;
    const of = (version: string): VersionName => ({ model: peer.model, version });
    const read = (version: string, change: Partial<WindowAsked> = {}) => peer.source.read(windowOf(of(version), change), signal);
    const features = (version: string, names = FEATURES, maxRows = 1_000) =>
      peer.source.features(windowOf(of(version)), { names, maxRows }, signal);
    beforeAll(async () => {
      if (!start) return;
      peer = await start();
      await peer.predicted(of('1.0.0'), PREDICTIONS);
      await peer.predicted(
        of('2.0.0'),
        Array.from({ length: 20 }, () => prediction({ failed: true })),
      );
    });
    afterAll(() => peer.close());

    it('answers how many predictions were asked for, how many failed, and how long the others took', async () => {
      const service = await eventually(async () => {
        const reading = (await read('1.0.0')).service;
        return reading.known && reading.value.requests > 95 && reading.value.requests < 115 && reading.value;
      });
      expect(service.errors / service.requests).toBeCloseTo(0.1, 2);
      const { p50 = 0, p95 = 0, p99 = 0 } = service.latency ?? {};
      expect(p50).toBeGreaterThan(10);
      expect(p50).toBeLessThanOrEqual(20);
      expect(p95).toBeGreaterThan(200);
      expect(p99).toBeLessThanOrEqual(500);
    });

    it('of a version whose predictions all failed there is no latency, and the failures are known', async () => {
      const service = await eventually(async () => {
        const reading = (await read('2.0.0')).service;
        return reading.known && reading.value.requests > 15 && reading.value;
      });
      expect(service).toMatchObject({ errors: service.requests, latency: null });
    });

    it('answers right and wrong of the predictions whose label has arrived', async () => {
      const labels = await eventually(async () => {
        const reading = (await read('1.0.0')).labels;
        return reading.known && reading.value.truePositives >= 45 && reading.value.truePositives < 52 && reading.value;
      });
      const all = labels.truePositives + labels.falsePositives + labels.trueNegatives + labels.falseNegatives;
      expect((labels.truePositives + labels.trueNegatives) / all).toBeCloseTo(75 / 90, 1);
      expect(labels.falsePositives).toBeGreaterThanOrEqual(5);
      expect(labels.falseNegatives).toBeGreaterThanOrEqual(10);
      expect(labels.falsePositives).toBeLessThanOrEqual(6);
      expect(labels.falseNegatives).toBeLessThanOrEqual(12);
    });

    it('answers how the features that are named were distributed', async () => {
      const found = await eventually(async () => {
        const reading = await features('1.0.0');
        return reading.known && reading.value;
      });
      expect(Object.keys(found)).toEqual(FEATURES);
      const { age, tau } = found as Readonly<Record<'age' | 'tau', FeatureSample>>;
      expect([0, 1, 2, 3].map((edge) => shareUpTo(age, edge))).toEqual(
        [0.25, 0.5, 0.75, 1].map((share) => expect.closeTo(share, 1)),
      );
      expect([0, 1].map((edge) => shareUpTo(tau, edge))).toEqual([0.5, 1].map((share) => expect.closeTo(share, 1)));
      const one = await features('1.0.0', ['tau']);
      expect(one.known && Object.keys(one.value)).toEqual(['tau']);
    });

    it('of a version that made none it knows no prediction, and nothing of its features', async () => {
      const { service } = await read('9.9.9');
      expect(service.known && service.value.requests > 0).toBe(false);
      expect(await features('9.9.9')).toMatchObject({ known: false, cause: 'no data' });
    });

    it('a feature that nobody knows is not known', async () => {
      expect((await features('1.0.0', ['age', 'nobody'])).known).toBe(false);
    });

    it('what is older than it may be is stale', async () => {
      await eventually(async () => {
        const { service } = await read('1.0.0', { freshMs: 0 });
        return !service.known && service.cause === 'stale';
      });
    });

    it('throws once it is cancelled, and answers nothing', async () => {
      const cancelled = AbortSignal.abort(new Error('cancelled'));
      await expect(peer.source.read(windowOf(of('1.0.0')), cancelled)).rejects.toThrow('cancelled');
      await expect(peer.source.features(windowOf(of('1.0.0')), { names: FEATURES, maxRows: 1 }, cancelled)).rejects.toThrow(
        'cancelled',
      );
    });
  });
}

function shareUpTo(sample: FeatureSample, edge: number): number {
  if (sample.kind === 'values') return sample.values.filter((value) => value <= edge).length / sample.values.length;
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  return sum(sample.counts.slice(0, sample.edges.indexOf(edge) + 1)) / sum(sample.counts);
}
