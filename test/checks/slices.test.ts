import { beforeAll, describe, expect, test } from 'vitest';
import { performance } from '../../activities/checks/performance.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Finding } from '../../domain/checks.js';
import type { Policy } from '../../domain/policy.js';
import type { Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { figureTexts, reference } from './reference.js';
import { contextOf, exampleSubject, temporaryStore } from './subjects.js';

const VERSIONS = Object.keys(reference.versions);
let store: Store;
const subjects = new Map<string, CheckSubject>();
beforeAll(async () => {
  store = await temporaryStore();
  for (const version of VERSIONS) subjects.set(version, await exampleSubject(store, version));
});

type Change = Partial<Policy['performance']> & { min_rows?: number; accuracy?: number };
const run = (version: string, { min_rows = 50, accuracy = 0.85, ...change }: Change = {}): Promise<Finding> => {
  const policy = policyWith();
  const subject = subjects.get(version) as CheckSubject;
  return performance.run(
    contextOf(store, subject, {
      policy: {
        ...policy,
        holdout: { min_rows },
        thresholds: { ...policy.thresholds, accuracy: { min: accuracy } },
        performance: { ...policy.performance, ...change },
      },
    }),
  );
};

describe('slices', () => {
  test.each(VERSIONS)('%s: all figures, and those of every slice, are those made without Gatehouse', async (version) => {
    const { measured } = await run(version, { slices: ['male', 'apoe_e4_alleles'] });
    expect(measured).toMatchObject(figureTexts(reference.versions[version] ?? ({} as never)));
    const slices = Object.entries(reference.slices[version] ?? {});
    expect(slices).toHaveLength(5);
    for (const [slice, figures] of slices) expect(measured).toMatchObject(figureTexts(figures, `${slice} `));
    const named = Object.keys(measured).filter((name) => name.endsWith(' rows'));
    expect(named).toEqual(slices.map(([slice]) => `${slice} rows`));
  });

  test('only show where no accuracy is asked of them', async () => {
    const { verdict, limit } = await run('1.4.0', { slices: ['apoe_e4_alleles'] });
    expect([verdict, Object.keys(limit)]).toEqual(['pass', ['accuracy', 'roc_auc', 'rows']]);
  });

  // 1.4.0 answers 4 of the 5 rows with two alleles rightly.
  test.each([
    [0.8, 'pass', ''],
    [0.81, 'fail', 'apoe_e4_alleles=2: accuracy 0.8 is below 0.81'],
  ])('with %d asked of each: %s', async (min, verdict, reason) => {
    const finding = await run('1.4.0', { slices: ['apoe_e4_alleles'], slice_accuracy: { min } });
    expect(finding).toMatchObject({ verdict, reason, limit: { 'apoe_e4_alleles=2 accuracy': `>= ${min}` } });
  });

  test('by no feature of the model, or by one of too many values, fail', async () => {
    const { verdict, reason } = await run('1.4.0', { slices: ['weight', 'tau'] });
    expect(verdict).toBe('fail');
    expect(reason).toBe(
      'the policy names slices that are no features of 1.4.0: weight; tau has more than 20 values, too many to slice by',
    );
  });
});

describe('the number of rows', () => {
  test.each([
    [100, 'pass', ''],
    [101, 'fail', 'the hold-out set has 100 rows, at least 101 are asked for'],
  ])('100 against %d: %s', async (min_rows, verdict, reason) => {
    expect(await run('1.4.0', { min_rows })).toMatchObject({ verdict, reason, limit: { rows: `>= ${min_rows}` } });
  });

  test('is named beside what else fails', async () => {
    const { reason } = await run('1.1.0', { min_rows: 200 });
    expect(reason).toBe('the hold-out set has 100 rows, at least 200 are asked for; accuracy 0.77 is below 0.85');
  });
});

describe('gated at the lower end of the interval', () => {
  // 1.2.0: accuracy 0.92, Wilson 0.8500 to 0.9589, ROC AUC 0.9797.
  test.each([
    [0.85, 'pass', ''],
    [0.86, 'fail', 'the lower end of accuracy 0.92, 0.850019, is below 0.86'],
  ])('1.2.0 against %d: %s', async (accuracy, verdict, reason) => {
    expect(await run('1.2.0', { gate: 'lower', accuracy })).toMatchObject({
      verdict,
      reason,
      limit: { accuracy: `>= ${accuracy} at the lower end of the 95 % interval` },
    });
  });

  test('the slices are, too', async () => {
    const { reason } = await run('1.4.0', { gate: 'lower', slices: ['male'], slice_accuracy: { min: 0.84 } });
    expect(reason).toBe('the lower end of male=0: accuracy 0.926471, 0.839148, is below 0.84');
  });
});
