import { beforeAll, describe, expect, test } from 'vitest';
import { featureDifferences, featureSchema } from '../../activities/checks/feature-schema.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Feature } from '../../domain/checks.js';
import type { Store } from '../../platform/store.js';
import { contextOf, exampleSubject, temporaryStore } from './subjects.js';

const features = (...names: string[]): Feature[] => names.map((name) => ({ name, type: 'float32' }));

describe('the check', () => {
  let store: Store;
  let subject: CheckSubject;
  beforeAll(async () => {
    store = await temporaryStore();
    subject = await exampleSubject(store, '1.2.0');
  });
  const run = (changed: CheckSubject) => featureSchema.run(contextOf(store, changed));

  test('passes on the features of the registered view', async () => {
    const finding = await run(subject);
    expect(finding).toMatchObject({ check: 'feature-schema', verdict: 'pass', reason: '' });
    expect(finding.measured['feature_hash']).toBe(finding.limit['feature_hash']);
    expect(finding.source).toMatch('feature view patient_biomarkers version 3');
  });

  test('fails on a view that is not registered', async () => {
    const finding = await run({ ...subject, featureView: null });
    expect(finding).toMatchObject({ verdict: 'fail', reason: 'feature view patient_biomarkers version 3 is not registered' });
  });

  test('fails on two columns that changed places, and names them', async () => {
    const [first, second] = subject.modelFile.features;
    if (!first || !second) throw new Error('the example has two features at least');
    const swapped = [second, first, ...subject.modelFile.features.slice(2)];
    const finding = await run({ ...subject, modelFile: { ...subject.modelFile, features: swapped } });
    expect(finding.verdict).toBe('fail');
    expect(finding.reason).toBe(`in another order: first ${second.name} instead of ${first.name} (column 1 of the view)`);
  });

  test('fails on a hash that is not that of the columns shown', async () => {
    const featureView = subject.featureView && { ...subject.featureView, featureHash: 'f'.repeat(64) };
    const finding = await run({ ...subject, featureView });
    expect([finding.verdict, finding.reason]).toEqual([
      'fail',
      'the feature hash is not that of feature view patient_biomarkers version 3',
    ]);
  });
});

describe('differences', () => {
  test.each([
    [features('a', 'b'), features('a', 'b'), []],
    [features('a'), features('a', 'b', 'c'), ['missing: b, c']],
    [features('a', 'x'), features('a', 'b'), ['missing: b', 'extra: x']],
    [features('a', 'b', 'a'), features('a', 'b'), ['repeated: a']],
    [[{ name: 'a', type: 'float64' }], features('a'), ['of another type: a (float64 instead of float32)']],
    [
      features('x', 'c', 'b'),
      features('a', 'b', 'c'),
      ['missing: a', 'extra: x', 'in another order: first c instead of b (column 2 of the view)'],
    ],
    [[], features('a', 'b', 'c', 'd', 'e', 'f', 'g'), ['missing: a, b, c, d, e and 2 more']],
  ])('%j against %j', (model, view, differences) => expect(featureDifferences(model, view)).toEqual(differences));
});
