import { describe, expect, it } from 'vitest';
import { makeFeatureCounts } from '../../dev/serving/feature-counts.js';
import { predictionId } from '../../dev/serving/prediction-id.js';
import { makeSlot, type ServedVersion } from '../../dev/serving/slot.js';
import { trafficRows } from '../../dev/serving/traffic/rows.js';
import { makeTally } from '../../dev/serving/traffic/tally.js';

const loaded = (version: string): ServedVersion => ({
  model: 'm',
  version,
  artifactDigest: '',
  features: [],
  trainedOn: 'set',
  edges: new Map(),
  predict: () => Promise.resolve({ label: 1, score: 1 }),
});

describe('a slot', () => {
  it('tries again after 1 s, twice as long each time, and 60 s at most; at once for another change', async () => {
    let now = 0;
    const tries: number[] = [];
    const load = () => {
      tries.push(now);
      return Promise.reject<ServedVersion>(new Error('not verified'));
    };
    const slot = makeSlot({ load, now: () => now, onChange: () => undefined });
    for (; now < 200_000; now += 250) {
      slot.want({ version: '1.0.0', because: 'one' });
      await slot.settled();
    }
    expect(tries.slice(0, 8).map((at, i) => at - (tries[i - 1] ?? 0))).toEqual([
      0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000,
    ]);
    const before = tries.length;
    slot.want({ version: '1.0.0', because: 'another' });
    await slot.settled();
    expect(tries).toHaveLength(before + 1);
  });

  it('says each problem once, and serves the last version until nothing is wanted', async () => {
    const told: unknown[] = [];
    const load = (version: string) => (version === '2.0.0' ? Promise.reject(new Error('no')) : Promise.resolve(loaded(version)));
    let now = 0;
    const slot = makeSlot({ load, now: () => now, onChange: ({ serving, problem }) => told.push(serving?.version ?? problem) });
    const want = async (version: string | null) => {
      slot.want({ version, because: 'change' });
      await slot.settled();
    };
    await want('1.0.0');
    await want('2.0.0');
    now += 10_000;
    await want('2.0.0');
    expect([slot.serving()?.version, slot.problem(), told]).toEqual(['1.0.0', 'no', ['1.0.0', 'no']]);
    await want(null);
    expect([slot.serving(), slot.problem()]).toEqual([undefined, undefined]);
  });
});

describe('the id of a prediction', () => {
  it('is a UUID of version 7 that sorts by its time', () => {
    const ids = [0, 1, 1_795_000_000_000, 2 ** 48 - 1].map(predictionId);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids.toSorted()).toEqual(ids);
    expect(ids[2]?.slice(0, 13)).toBe('01a1ee56-5e00');
  });
});

describe('the values of features', () => {
  it('are counted up to and with each edge, a feature without edges not at all', () => {
    const counts = makeFeatureCounts(
      ['age', 'tau', 'sex'],
      new Map([
        ['age', [0.1, 70]],
        ['sex', [0]],
      ]),
    );
    for (const row of [
      [0.1, 9, 0],
      [70, 9, 1],
      [70.5, 9, 1],
      [-3, 9, 0],
    ])
      counts.count(Float32Array.from(row));
    const of = (feature: string) =>
      counts
        .list()
        .filter((one) => one.feature === feature)
        .map(({ le, count }) => [le, count]);
    expect(of('age')).toEqual([
      ['0.1', 2],
      ['70', 3],
      ['+Inf', 4],
    ]);
    expect(of('sex')).toEqual([
      ['0', 2],
      ['+Inf', 4],
    ]);
    expect(of('tau')).toEqual([]);
  });
});

describe('traffic', () => {
  it('reads rows and their labels, and says which row has none', () => {
    expect(trafficRows('a,b,y\n1,2.5,1\n-3,0,0\n', 'y')).toEqual([
      { features: { a: 1, b: 2.5 }, truth: 1 },
      { features: { a: -3, b: 0 }, truth: 0 },
    ]);
    expect(() => trafficRows('a,y\n1,1\n2,yes\n', 'y')).toThrow('row 2: y is neither 0 nor 1');
    expect(() => trafficRows('a,y\n', 'y')).toThrow('no rows');
  });

  it('counts what came back since the last look', () => {
    const tally = makeTally();
    for (let ms = 1; ms <= 20; ms += 1) {
      tally.sent();
      tally.came({ outcome: 'answered', ms, version: '1.0.0', isRight: ms > 5 });
    }
    tally.came({ outcome: 'failed', ms: 900 });
    tally.came({ outcome: 'refused', ms: 900 });
    const none = { sent: 0, answered: 0, failed: 0, refused: 0, p50: null, p95: null, accuracy: null, versions: [] };
    expect(tally.take()).toEqual({
      sent: 20,
      answered: 20,
      failed: 1,
      refused: 1,
      p50: 10,
      p95: 19,
      accuracy: 0.75,
      versions: ['1.0.0'],
    });
    expect(tally.take()).toEqual(none);
  });
});
