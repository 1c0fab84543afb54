import { beforeAll, expect, test } from 'vitest';
import { lineage } from '../../activities/checks/lineage.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Store } from '../../platform/store.js';
import { contextOf, exampleSubject, temporaryStore } from './subjects.js';

let store: Store;
let subject: CheckSubject;
beforeAll(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
});

test('passes when all of it is recorded', async () => {
  const finding = await lineage.run(contextOf(store, subject));
  expect(finding).toMatchObject({
    check: 'lineage',
    verdict: 'pass',
    reason: '',
    measured: { dataset: 'ad_train_2026_09', dataset_digest: subject.trainingSet?.digest, run: 'ad-2026-09-1.2.0' },
    limit: { dataset: 'ad_train_2026_09', feature_view: 'feature view patient_biomarkers version 3' },
  });
});

type Change = (of: CheckSubject) => Partial<CheckSubject>;
const training = (of: CheckSubject, changes: object) => ({
  modelFile: { ...of.modelFile, training: { ...of.modelFile.training, ...changes } },
});
const holdout = (of: CheckSubject, changes: object) => ({ holdoutSet: of.holdoutSet && { ...of.holdoutSet, ...changes } });

test.each<[string, Change]>([
  ['the training run is not recorded', (of) => training(of, { run: ' ' })],
  ['the training commit is not recorded', (of) => training(of, { commit: '' })],
  ['the training run is not recorded; the training commit is not recorded', (of) => training(of, { run: 'n/a', commit: 'TBD' })],
  [
    'the training set ad_train_2026_09 is for feature view patient_biomarkers version 2, the model for feature view patient_biomarkers version 3',
    (of) => ({ trainingSet: of.trainingSet && { ...of.trainingSet, featureView: { name: 'patient_biomarkers', version: 2 } } }),
  ],
  ['the training set ad_train_2026_09 is not registered', () => ({ trainingSet: null, latestTrainingSet: null })],
  [
    'ad_train_2026_09 is not the latest training set of ad_train: that is ad_train_2026_10',
    () => ({ latestTrainingSet: 'ad_train_2026_10' }),
  ],
  [
    'ad_train_2026_09 is registered as a holdout set, not as a training set',
    (of) => ({ trainingSet: of.trainingSet && { ...of.trainingSet, role: 'holdout' } }),
  ],
  [
    'the digest of ad_train_2026_09 is not recorded',
    (of) => ({ trainingSet: of.trainingSet && { ...of.trainingSet, digest: '' } }),
  ],
  ['the hold-out set ad_holdout_2026_09 is not registered', () => ({ holdoutSet: null })],
  ['ad_holdout_2026_09 is registered as a training set, not as a hold-out set', (of) => holdout(of, { role: 'training' })],
  [
    'the hold-out set ad_holdout_2026_09 has the same bytes as the training set',
    (of) => holdout(of, { digest: of.trainingSet?.digest }),
  ],
  [
    'the hold-out set ad_holdout_2026_09 is for feature view patient_biomarkers version 2, the model for feature view patient_biomarkers version 3',
    (of) => holdout(of, { featureView: { name: 'patient_biomarkers', version: 2 } }),
  ],
])('fails: %s', async (reason, change) => {
  const finding = await lineage.run(contextOf(store, { ...subject, ...change(subject) }));
  expect([finding.verdict, finding.reason]).toEqual(['fail', reason]);
});
