import { describe, expect, it } from 'vitest';
import { driftedFeatures, windowDrift } from '../../domain/drift/window-drift.js';
import { trainingDistribution, type TrainingDistribution } from '../../domain/drift/training-distribution.js';
import type { FeatureReading } from '../../domain/live.js';
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
import { say } from './figures.js';

const WINDOWS = 1_000;
const policy = FIRST_WATCH.drift;
const [train, holdout] = [biomarkers('train'), biomarkers('holdout')];
const everybody = together(train, holdout);
const training = trainingDistribution(train);

/** In how many windows of a kind some feature drifts. */
function alarms(from: TrainingDistribution | ((at: number) => TrainingDistribution), window: () => FeatureReading): number {
  let alarmed = 0;
  for (let at = 0; at < WINDOWS; at++) {
    const drift = windowDrift(typeof from === 'function' ? from(at) : from, window(), policy);
    if (!drift.known) throw new Error(drift.why);
    if (driftedFeatures(drift.value).length > 0) alarmed++;
  }
  return alarmed;
}

describe(`windows without drift, of ${WINDOWS}`, () => {
  it.each([200, 2_000])('rows of the hold-out set and of the training set, %d drawn with repeats', (rows) => {
    const random = seeded(rows);
    say(`hold-out rows, ${rows} a window`, `${alarms(training, () => asValues(drawn(holdout, rows, random)))} windows`);
    say(`training rows, ${rows} a window`, `${alarms(training, () => asValues(drawn(train, rows, random)))} windows`);
    say(`hold-out rows in bins, ${rows} a window`, `${alarms(training, () => asBins(drawn(holdout, rows, random)))} windows`);
    say(`training rows in bins, ${rows} a window`, `${alarms(training, () => asBins(drawn(train, rows, random)))} windows`);
  });

  it('all 333 subjects, split anew into 233 and 100', () => {
    let [alarmed, inBins] = [0, 0];
    for (let seed = 0; seed < WINDOWS; seed++) {
      const [first, second] = split(seed);
      const from = trainingDistribution(first);
      for (const [reading, count] of [
        [asValues(second), () => alarmed++],
        [asBins(second), () => inBins++],
      ] as const) {
        const drift = windowDrift(from, reading, policy);
        if (drift.known && driftedFeatures(drift.value).length > 0) count();
      }
    }
    say('a random split 233/100, values, bins', `${alarmed}, ${inBins} windows`);
  });

  it.each([
    ['normal', normal],
    ['log-normal', (random: () => number) => Math.exp(normal(random))],
    ['of four values', (random: () => number) => Math.floor(4 * random() ** 2)],
  ])('131 features, %s, 233 training rows and a new 100 or 500 in each window', (shape, draw) => {
    for (const rows of [100, 500]) {
      const random = seeded(rows);
      const made = (count: number): Columns =>
        Object.fromEntries(
          Array.from({ length: 131 }, (_, at) => [`f${at}`, Float64Array.from({ length: count }, () => draw(random))]),
        );
      let from = trainingDistribution(made(233));
      const renewed = (at: number) => {
        if (at % 10 === 9) from = trainingDistribution(made(233));
        return from;
      };
      const found = alarms(renewed, () => asValues(made(rows)));
      say(`${shape}, a new training set every ten, ${rows} a window`, `${found} windows`);
    }
  });
});

describe('a shift', () => {
  it('tau + 0.5 in the first window', () => {
    for (const rows of [100, 200, 1_000]) {
      let [found, alone] = [0, 0];
      for (let seed = 0; seed < 100; seed++) {
        const window = shifted(drawn(holdout, rows, seeded(seed)), 'tau', 0.5);
        const drift = windowDrift(training, asValues(window), policy);
        const drifted = drift.known ? driftedFeatures(drift.value) : [];
        if (drifted.some(({ name }) => name === 'tau')) found++;
        if (drifted.length === 1) alone++;
      }
      say(`tau + 0.5 of ${rows} hold-out rows`, `found in ${found} of 100 first windows, alone in ${alone}`);
    }
    const drift = windowDrift(training, asValues(shifted(holdout, 'tau', 0.5)), policy);
    if (!drift.known) throw new Error(drift.why);
    const [tau] = driftedFeatures(drift.value);
    expect(tau?.name).toBe('tau');
    say('tau + 0.5 of the 100 hold-out rows', JSON.stringify(tau));
  });

  it('takes so long', () => {
    const window = asValues(drawn(everybody, policy.max_rows, seeded(1)));
    const took: number[] = [];
    for (let run = 0; run < 20; run++) {
      const started = performance.now();
      windowDrift(training, window, policy);
      took.push(performance.now() - started);
    }
    took.sort((a, b) => a - b);
    say('131 features of 2,000 rows, median', `${took[10]?.toFixed(1)} ms, most ${took.at(-1)?.toFixed(1)} ms`);
    say('the training distribution as JSON', `${(JSON.stringify(training).length / 1_000).toFixed(0)} kB`);
  });
});

function split(seed: number): [Columns, Columns] {
  const all = shuffled(everybody, seeded(seed));
  const places = Array.from({ length: rowCount(all) }, (_, at) => at);
  return [rowsAt(all, places.slice(0, 233)), rowsAt(all, places.slice(233))];
}

function shifted(columns: Columns, name: string, by: number): Columns {
  return { ...columns, [name]: (columns[name] ?? new Float64Array()).map((value) => value + by) };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
