import { beforeAll, describe, expect, test } from 'vitest';
import { differencesInWords, featureSchema } from '../../activities/checks/feature-schema.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Feature } from '../../domain/checks.js';
import { columnDifferences } from '../../domain/feature-differences.js';
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
    expect(finding.reason).toBe(`moved: ${second.name} (float32, column 1; in the view float32, column 2)`);
    expect(finding.measured).toMatchObject({ differing_columns: '1', [`column ${second.name}`]: 'float32, column 1' });
    expect(finding.limit).toMatchObject({ [`column ${second.name}`]: 'float32, column 2' });
  });

  test('shows every column that differs, and what the view has there', async () => {
    const [first, second, third, ...others] = subject.modelFile.features;
    if (!first || !second || !third) throw new Error('the example has three features at least');
    const changed = [{ name: 'weight', type: 'float32' as const }, { ...second, type: 'int64' as const }, third, ...others];
    const { verdict, reason, measured, limit } = await run({
      ...subject,
      modelFile: { ...subject.modelFile, features: changed },
    });
    expect(verdict).toBe('fail');
    expect(reason).toBe(
      `missing: ${first.name}; extra: weight; of another type: ${second.name} (int64, column 2; in the view float32, column 2)`,
    );
    const shown = (texts: Readonly<Record<string, string>>) =>
      Object.entries(texts).filter(([name]) => name.startsWith('column '));
    expect(shown(measured)).toEqual([
      [`column ${first.name}`, 'not there'],
      [`column ${second.name}`, 'int64, column 2'],
      ['column weight', 'float32, column 1'],
    ]);
    expect(shown(limit)).toEqual([
      [`column ${first.name}`, 'float32, column 1'],
      [`column ${second.name}`, 'float32, column 2'],
      ['column weight', 'not there'],
    ]);
    expect(measured['differing_columns']).toBe('3');
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

describe('in words', () => {
  test.each([
    [features('a', 'b'), features('a', 'b'), []],
    [features('a', 'x'), features('a', 'b'), ['missing: b', 'extra: x']],
    [[{ name: 'a', type: 'float64' }], features('a'), ['of another type: a (float64, column 1; in the view float32, column 1)']],
    [[], features('a', 'b', 'c', 'd', 'e', 'f', 'g'), ['missing: a, b, c, d, e and 2 more']],
  ])('%j against %j', (model, view, words) => expect(differencesInWords(columnDifferences(model, view))).toEqual(words));
});
