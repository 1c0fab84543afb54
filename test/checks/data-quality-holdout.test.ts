import { beforeAll, describe, expect, test } from 'vitest';
import { dataQuality } from '../../activities/checks/data-quality.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Finding } from '../../domain/checks.js';
import type { DataExpectations } from '../../domain/data-quality.js';
import type { Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { csv, HEADER, profilerHere, row, subjectWith } from './data-sets.js';
import { contextOf, exampleSubject, temporaryStore } from './subjects.js';

let store: Store;
let base: CheckSubject;
beforeAll(async () => {
  store = await temporaryStore();
  base = await exampleSubject(store, '1.2.0');
});

type Sets = Parameters<typeof subjectWith>[3] & { asked?: Partial<DataExpectations> };
const run = async (training: string, { asked = {}, ...sets }: Sets = {}): Promise<Finding> => {
  const policy = policyWith();
  const asking = { ...policy, data_quality: { ...policy.data_quality, ...asked } };
  return dataQuality.run(
    contextOf(store, await subjectWith(store, base, training, sets), { policy: asking, data: profilerHere }),
  );
};
const reasonOf = async (...given: Parameters<typeof run>): Promise<string> => (await run(...given)).reason;

describe('the hold-out set', () => {
  test('is looked at for what makes it comparable', async () => {
    expect(await reasonOf(csv(0, 200), { holdout: 'age,ill\n1,1\n' })).toBe(
      'hold-out set ad_holdout_2026_09: missing: visits, ward, male',
    );
    expect(await reasonOf(csv(0, 200), { holdout: '' })).toBe('hold-out set ad_holdout_2026_09: the file is empty');
  });

  // A model cannot be fed such a set, and its figures would be an error.
  test.each([
    ['1,,"w",true,1', 'column visits: 1 row without a value, first in row 3'],
    ['NaN,1,"w",true,1', 'column age: 1 value not of its type, first "NaN" in row 3'],
    ['1,1,"w",true,', 'column ill: 1 row without a value, first in row 3'],
    ['1,1,"w",true,2', 'column ill: 1 value neither 0 nor 1, first "2" in row 3'],
  ])('has a value that no model is fed: %s', async (line, reason) => {
    const holdout = csv(1_000, 1_020, { 3: line });
    const asked = { nulls: 1, columns: { age: { max: 50.5 } } };
    expect(await reasonOf(csv(0, 200), { holdout, asked })).toBe(`hold-out set ad_holdout_2026_09: ${reason}`);
  });

  test('has a third label, or no rows', async () => {
    const named = (text: string) => text.replace(/,1$/gm, ',Impaired').replace(/,0$/gm, ',Control');
    const [training, label] = [named(csv(0, 200)), { positive: 'Impaired' }];
    const holdout = named(csv(1_000, 1_020, { 3: '1,1,"w",true,impaired' }));
    expect(await reasonOf(training, { holdout, label })).toBe(
      'hold-out set ad_holdout_2026_09: column ill: a text of 7 characters and a text of 8 characters besides "Impaired", one other label is expected',
    );
    expect(await reasonOf(csv(0, 200), { holdout: `${HEADER}\n` })).toBe('hold-out set ad_holdout_2026_09: no rows');
  });

  test('shares a row with the training set also where its label is the other one', async () => {
    const other = row(1_003).replace(/\d$/, (label) => (label === '1' ? '0' : '1'));
    expect(await reasonOf(csv(0, 200, { 5: other }))).toBe(
      '1 of 20 rows of the hold-out set also in the training set, at most 0 may be',
    );
    const twice = csv(0, 200, { 5: row(6).replace(/\d$/, '1') });
    expect(await run(twice)).toMatchObject({ reason: '', measured: { duplicates: '0' } });
  });

  test('a set for another view is not looked into', async () => {
    const subject = await subjectWith(store, base, csv(0, 200));
    const holdoutSet = subject.holdoutSet && { ...subject.holdoutSet, featureView: { name: 'wards', version: 2 } };
    expect(await dataQuality.run(contextOf(store, { ...subject, holdoutSet }))).toMatchObject({
      verdict: 'fail',
      reason: 'ad_holdout_2026_09 is for feature view wards version 2, the model for feature view wards version 1',
    });
  });
});
