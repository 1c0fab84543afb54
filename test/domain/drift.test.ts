import { describe, expect, it } from 'vitest';
import { binEdges, countInBins, joinSparse } from '../../domain/drift/bins.js';
import { driftCondition } from '../../domain/drift/drift-condition.js';
import { featureDistribution, MOST_POINTS, rowGroups, trainingDistribution } from '../../domain/drift/training-distribution.js';
import { driftedFeatures, windowDrift, type WindowDrift } from '../../domain/drift/window-drift.js';
import { unknown, type FeatureReading } from '../../domain/live.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';
import {
  asBins,
  asValues,
  biomarkers,
  drawn,
  rowCount,
  rowsAt,
  shuffled,
  together,
  type Columns,
} from '../support/biomarkers.js';
import { seeded } from '../support/seeded.js';

const policy = FIRST_WATCH.drift;
const [train, holdout] = [biomarkers('train'), biomarkers('holdout')];
const training = trainingDistribution(train);

function told(reading: FeatureReading, from = training): WindowDrift {
  const drift = windowDrift(from, reading, policy);
  if (!drift.known) throw new Error(drift.why);
  return drift.value;
}

function names(reading: FeatureReading, from = training): string[] {
  return driftedFeatures(told(reading, from)).map(({ name }) => name);
}

function changed(columns: Columns, name: string, change: (value: number, row: number) => number): Columns {
  return { ...columns, [name]: (columns[name] ?? new Float64Array()).map(change) };
}

function column(rows: number, value: (row: number) => number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => value(row));
}

describe('a training distribution', () => {
  it('keeps every value with its count, and rows without one', () => {
    const of = featureDistribution('f', [3, 1, Number.NaN, 3, Infinity, 2]);
    expect(of).toEqual({ name: 'f', rows: 4, missing: 2, values: [1, 2, 3], counts: [1, 1, 2] });
  });

  it('keeps at most 1,000 quantiles, whatever the rows', () => {
    const of = featureDistribution(
      'f',
      column(50_000, (row) => row),
    );
    expect([of.rows, of.values.length, of.counts.length]).toEqual([50_000, MOST_POINTS, MOST_POINTS]);
    expect([of.values[0], of.values.at(-1)]).toEqual([25, 49_975]);
  });

  it('is small, and the same after a way through JSON', () => {
    const text = JSON.stringify(training);
    expect(text.length).toBeLessThan(200_000);
    expect(told(asValues(holdout), JSON.parse(text) as typeof training)).toEqual(told(asValues(holdout)));
  });

  it('counts different rows; zero has one sign, and no value is one value', () => {
    expect(rowGroups([[0, -0, 1, Number.NaN, Number.NaN, 1]])).toEqual([2, 2, 2]);
    expect(
      rowGroups([
        [1, 1, 2],
        [5, 6, 5],
      ]),
    ).toEqual([1, 1, 1]);
    expect(training).toMatchObject({ rows: 233, distinctRows: 233 });
  });

  it('refuses columns that are no rows', () => {
    expect(() => trainingDistribution({})).toThrow('some rows of some features');
    expect(() => trainingDistribution({ a: [1], b: [1, 2] })).toThrow('the same rows');
  });
});

describe('bins', () => {
  it('are the quantiles of training; a feature of few values has one for each', () => {
    const ten = featureDistribution(
      'f',
      column(100, (row) => row),
    );
    expect(binEdges(ten, 4)).toEqual([24, 49, 74]);
    const few = featureDistribution('f', [0, 0, 1, 2, 2]);
    expect(binEdges(few, 10)).toEqual([0, 1, 2]);
  });

  it('a value is in the bin whose upper edge it is at most; above the last edge there is one more', () => {
    expect(countInBins([-9, 1, 1.5, 2, 7], [1, 2], () => 1)).toEqual([2, 2, 1]);
  });

  it('are joined until at least 5 rows of each are expected', () => {
    const joined = joinSparse({ training: [5, 5, 5, 5, 1], window: [5, 5, 4, 5, 0] });
    expect(joined).toEqual({ training: [10, 11], window: [10, 9] });
    expect(joinSparse({ training: [1, 1], window: [1, 1] })).toEqual({ training: [2], window: [2] });
  });
});

describe('data drift (rules §4: "PSI, and KS for numbers, against the training distribution")', () => {
  it('a real shift is found in the first full window, and alone', () => {
    const shifted = (rows: number, seed: number) => changed(drawn(holdout, rows, seeded(seed)), 'tau', (value) => value + 0.5);
    expect(names(asValues(changed(holdout, 'tau', (value) => value + 0.5)))).toEqual(['tau']);
    for (let seed = 0; seed < 10; seed++) expect(names(asValues(shifted(500, seed)))).toEqual(['tau']);
    const [tau] = told(asValues(shifted(500, 1))).features;
    expect(tau?.ks).toBeGreaterThan(policy.ks);
  });

  it.each([
    ['the hold-out set', holdout],
    ['the training set', train],
  ])('no alarm in 60 windows of rows of %s, in values or in bins', (_, rows) => {
    const random = seeded(3);
    for (let window = 0; window < 60; window++) {
      const live = drawn(rows, 200, random);
      expect(names(asValues(live))).toEqual([]);
      expect(names(asBins(live))).toEqual([]);
    }
  });

  it('no alarm in 40 random splits of all subjects', () => {
    const everybody = together(train, holdout);
    for (let seed = 0; seed < 40; seed++) {
      const all = shuffled(everybody, seeded(seed));
      const places = Array.from({ length: rowCount(all) }, (_, at) => at);
      const [first, second] = [rowsAt(all, places.slice(0, 233)), rowsAt(all, places.slice(233))];
      expect(names(asValues(second), trainingDistribution(first))).toEqual([]);
    }
  });

  it('bins tell a shift as well, by the least distance that they can stand for', () => {
    const shifted = changed(drawn(holdout, 1_000, seeded(1)), 'age', (value) => value * 2);
    expect(names(asBins(shifted))).toEqual(['age']);
    const [binned, exact] = [told(asBins(shifted)), told(asValues(shifted))].map(({ features }) =>
      features.find(({ name }) => name === 'age'),
    );
    expect(binned?.ks).toBeLessThanOrEqual(exact?.ks ?? 0);
  });

  const thousands = column(5_000, (row) => Math.floor(row / 5));
  const wide = trainingDistribution({ f: thousands });
  const moved = (by: number) => asValues({ f: thousands.map((value) => value + by) });

  it('of rows in bins two count for one', () => {
    expect(told(asBins(drawn(holdout, 500, seeded(1))))).toMatchObject({ rows: 500, evidence: 250 });
  });

  it('a difference that is no chance is not drift unless it is beyond the bound', () => {
    const [near] = told(moved(60), wide).features;
    expect(near?.ks).toBeCloseTo(0.06, 12);
    expect(near?.ksChance).toBeLessThan(1e-6);
    expect(near?.drifted).toEqual([]);
    expect(names(moved(160), wide)).toEqual(['f']);
  });

  it.each([
    [100, 'exactly KS 0.1 is not beyond it', []],
    [101, 'a thousandth more is', ['ks']],
  ])('moved by %d of 1,000: %s', (by, _, drifted) => {
    const drift = windowDrift(wide, moved(by), { ...policy, psi: 9 });
    expect(drift.known && drift.value.features[0]?.drifted).toEqual(drifted);
  });

  it('a spread that leaves the middle where it is shows in PSI', () => {
    const live = thousands.map((value) => 500 + (value - 500) / 4);
    expect(told(asValues({ f: live }), wide).features[0]?.drifted).toContain('psi');
  });

  it('rows asked for again are no more evidence; where training rows repeat by nature, they are', () => {
    const once = told(asValues(holdout));
    const hundredTimes = told(
      asValues(
        rowsAt(
          holdout,
          Array.from({ length: 10_000 }, (_, at) => at % 100),
        ),
      ),
    );
    expect([once.rows, once.evidence, hundredTimes.rows, hundredTimes.evidence]).toEqual([100, 100, 10_000, 100]);
    expect(hundredTimes.features).toEqual(once.features);
    const coins = trainingDistribution({ f: column(300, (row) => row % 2) });
    expect(told(asValues({ f: column(300, (row) => row % 2) }), coins).evidence).toBe(300);
    expect(names(asValues({ f: column(300, () => 1) }), coins)).toEqual(['f']);
  });

  it('values that are missing are drift of their own beyond 5 points more than in training', () => {
    const nothing = (share: number) => changed(holdout, 'tau', (value, row) => (row < share * 100 ? Number.NaN : value));
    expect(names(asValues(nothing(0.05)))).toEqual([]);
    expect(told(asValues(nothing(0.3))).features[0]).toMatchObject({ name: 'tau', missing: 0.3, drifted: ['missing'] });
    expect(told(asValues(nothing(1))).features[0]).toMatchObject({ missing: 1, ks: 0, drifted: ['missing'] });
  });
});

describe('drift that is not known', () => {
  const rows = (count: number) => asValues(drawn(holdout, count, seeded(1)));

  it('"a window with too few samples is unknown": fewer than min_rows', () => {
    const first = Array.from({ length: 100 }, (_, at) => at);
    expect(windowDrift(training, asValues(rowsAt(holdout, first)), policy).known).toBe(true);
    const drift = windowDrift(training, asValues(rowsAt(holdout, first.slice(1))), policy);
    expect(drift).toEqual(unknown('too few samples', 'drift is told from 100 rows on, and there are 99'));
    expect(driftCondition(drift, policy)).toMatchObject({ known: false, severity: 'none' });
  });

  it('the same few rows again and again say nothing', () => {
    const five = rowsAt(
      holdout,
      Array.from({ length: 2_000 }, (_, at) => at % 5),
    );
    expect(windowDrift(training, asValues(five), policy)).toMatchObject({
      known: false,
      why: 'drift is told from 30 different rows on; there are 2000 rows, but so few different ones that they count as 5',
    });
  });

  it('nothing to compare, columns that are no rows, and counts that are none', () => {
    const reading = (value: Extract<FeatureReading, { known: true }>['value']) => ({ known: true, value }) as const;
    expect(windowDrift(training, reading({}), policy)).toMatchObject({ cause: 'no data' });
    expect(windowDrift(training, unknown('source away', 'it is away'), policy)).toMatchObject({ cause: 'source away' });
    const values = (count: number) => ({ kind: 'values', values: column(count, (row) => row) }) as const;
    expect(windowDrift(training, reading({ tau: values(100), age: values(101) }), policy)).toMatchObject({
      cause: 'invalid sample',
    });
    for (const counts of [[200], [200, -1], [200, Number.NaN]]) {
      expect(windowDrift(training, reading({ tau: { kind: 'bins', edges: [0], counts } }), policy).known).toBe(false);
    }
    const unsorted = { kind: 'bins', edges: [1, 0], counts: [200, 0, 0] } as const;
    expect(windowDrift(training, reading({ tau: unsorted }), policy)).toMatchObject({ cause: 'invalid sample' });
  });

  it('features that the window says nothing of are named beside the others', () => {
    const { tau, age } = drawn(holdout, 200, seeded(1));
    const of = told(
      asValues({ tau: tau ?? new Float64Array(), age: age ?? new Float64Array(), other: column(200, (row) => row) }),
    );
    expect(of.features.map(({ name }) => name).toSorted()).toEqual(['age', 'tau']);
    expect(of.uncompared).toHaveLength(Object.keys(train).length - 2);
    expect(of.uncompared).not.toContain('other');
  });

  it('a name that every object has is no sample', () => {
    expect(windowDrift(trainingDistribution({ constructor: [1, 2] }), rows(200), policy)).toMatchObject({ cause: 'no data' });
  });
});

describe('drift in words', () => {
  it('is a warning that names the features, the least likely first', () => {
    const live = changed(
      changed(holdout, 'tau', (value) => value + 0.5),
      'age',
      (value) => value + 9,
    );
    const { why, ...condition } = driftCondition(windowDrift(training, asValues(live), policy), policy);
    expect(condition).toEqual({
      condition: 'drift',
      severity: 'warning',
      known: true,
      measured: '2 of 131 features',
      limit: 'PSI > 0.2 or KS > 0.1, by chance in at most 0.001 of windows',
      baseline: 'training set',
    });
    expect(why).toMatch(/^age \(PSI [\d.]+, KS [\d.]+\), tau \(PSI [\d.]+, KS [\d.]+\)$/);
  });

  it('names five of many', () => {
    const all = Object.keys(holdout).reduce((live, name) => changed(live, name, (value) => value + 100), holdout);
    const condition = driftCondition(windowDrift(training, asValues(all), policy), policy);
    expect(condition).toMatchObject({ severity: 'warning', measured: '131 of 131 features' });
    expect(condition.why).toMatch(/, and 126 more$/);
  });
});
