import { beforeAll, describe, expect, test } from 'vitest';
import { notWorseThanProduction } from '../../activities/checks/not-worse.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Finding } from '../../domain/checks.js';
import type { Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { figureText, intervalText, reference } from './reference.js';
import { contextOf, exampleSubject, temporaryStore } from './subjects.js';

let store: Store;
const subjects = new Map<string, CheckSubject>();
beforeAll(async () => {
  store = await temporaryStore();
  for (const version of Object.keys(reference.versions)) subjects.set(version, await exampleSubject(store, version));
});

const run = (candidate: string, production: string, margin = 0): Promise<Finding> => {
  const policy = policyWith();
  return notWorseThanProduction.run(
    contextOf(store, subjects.get(candidate) as CheckSubject, {
      production: subjects.get(production) ?? null,
      policy: { ...policy, performance: { ...policy.performance, margin } },
    }),
  );
};

describe('compared with production', () => {
  test.each(Object.entries(reference.paired))('%s: on the same rows, as made without Gatehouse', async (pair, expected) => {
    const [candidate = '', production = ''] = pair.split(' ');
    const { measured, source } = await run(candidate, production);
    expect(measured).toMatchObject({
      both_right: String(expected.both_right),
      only_candidate_right: String(expected.only_candidate_right),
      only_production_right: String(expected.only_production_right),
      both_wrong: String(expected.both_wrong),
      mcnemar_p: figureText(expected.mcnemar_p),
      accuracy_difference: figureText(expected.accuracy_difference),
      accuracy_difference_ci95: intervalText(expected.accuracy_difference_ci95),
      roc_auc_difference: figureText(expected.roc_auc_difference),
      roc_auc_difference_ci95: intervalText(expected.roc_auc_difference_ci95),
      rows: '100',
    });
    expect(source).toMatch(/exact McNemar test .* Bonett-Price 2012, ROC AUC DeLong 1988$/);
  });

  // 1.3.0 is 0.04 below 1.2.0 in accuracy, and 0.029427 (58 of 1971 pairs) in ROC AUC.
  test.each([
    [0, /^accuracy 0.88 is below 0.92 of 1.2.0, which is in production; ROC AUC 0.950279 is below 0.979706 of 1.2.0/],
    [0.03, /^accuracy 0.88 is below 0.92 of 1.2.0, which is in production, by more than 0.03$/],
    [0.04, /^$/],
  ])('with a margin of %d: %s', async (margin, reason) => {
    const finding = await run('1.3.0', '1.2.0', margin);
    expect(finding.reason).toMatch(reason);
    expect(finding.verdict).toBe(finding.reason === '' ? 'pass' : 'fail');
  });

  test('the limit says what the margin takes off', async () => {
    const { limit } = await run('1.3.0', '1.2.0', 0.04);
    expect(limit).toEqual({
      accuracy: '>= 0.88 (0.92 less the margin 0.04)',
      roc_auc: '>= 0.939706 (0.979706 less the margin 0.04)',
    });
  });

  // Rules §2: "Equal or better than production" lets a tie pass.
  test('a tie passes without a margin', async () => {
    const finding = await run('1.5.0', '1.4.0');
    expect(finding).toMatchObject({ verdict: 'pass', measured: { accuracy_difference: '0', mcnemar_p: '1' } });
  });

  test('the same run gives the same finding', async () => {
    expect(await run('1.3.0', '1.2.0')).toEqual(await run('1.3.0', '1.2.0'));
  });
});
