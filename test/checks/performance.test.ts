import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { firstHoldoutRow } from '../../activities/checks/holdout.js';
import { checks } from '../../activities/checks/index.js';
import { createModelRunner } from '../../activities/checks/model-runner.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Predictions } from '../../activities/ports.js';
import { passes, type Finding } from '../../domain/checks.js';
import type { Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { parquet } from './data-sets.js';
import { contextOf, exampleSubject, temporaryStore, withModel } from './subjects.js';
import { twoColumns, writeModel } from './tiny-onnx.js';

interface Figures {
  readonly accuracy: number;
  readonly roc_auc: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly confusion: readonly [readonly [number, number], readonly [number, number]];
}
const known = JSON.parse(await readFile(new URL('../../examples/alzheimer/figures.json', import.meta.url), 'utf8')) as {
  versions: Record<string, Figures>;
};

let store: Store;
const subjects: Record<string, CheckSubject> = {};
beforeAll(async () => {
  store = await temporaryStore();
  for (const version of Object.keys(known.versions)) subjects[version] = await exampleSubject(store, version);
});

const subjectOf = (version: string): CheckSubject => subjects[version] as CheckSubject;
/** A model that answers these labels and scores, whatever it is fed. */
const answering = (answer: (rows: number) => Predictions) => ({
  predict: (_: string, { features, width }: { features: Float32Array; width: number }) =>
    Promise.resolve(answer(features.length / width)),
  load: () => Promise.reject(new Error('no load is asked for here')),
});

describe('performance', () => {
  const run = (subject: CheckSubject, changes: Parameters<typeof contextOf>[2] = {}): Promise<Finding> =>
    checks.performance.run(contextOf(store, subject, changes));

  test.each(['FLOAT', 'DOUBLE'])('a hold-out set in Parquet, as %s, is measured as the CSV is', async (type) => {
    const subject = subjectOf('1.2.0');
    const { holdoutSet: set, modelFile } = subject;
    if (!set) throw new Error('the example has a hold-out set');
    const columns = modelFile.features.map(({ name }) => `"${name}"::${type} AS "${name}"`);
    const path = await parquet(
      `SELECT ${columns.join(', ')}, "${set.label}" FROM read_csv('${store.pathOf(set.digest)}', all_varchar = true)`,
    );
    const { digest } = await store.putBytes(await readFile(path));
    const asParquet = { ...subject, holdoutSet: { ...set, digest } };
    const [{ source: _, ...finding }, { source, ...same }] = [await run(asParquet), await run(subject)];
    expect(finding).toEqual(same);
    expect(source).toContain('100 rows');
    expect(await firstHoldoutRow(store, asParquet)).toEqual(await firstHoldoutRow(store, subject));
    expect(await checks['data-quality'].run(contextOf(store, asParquet))).toMatchObject({ verdict: 'pass' });
  });

  test.each(Object.entries(known.versions))('%s: the figures are those made without Gatehouse', async (version, figures) => {
    const { verdict, measured, source } = await run(subjectOf(version));
    const [[trueNegatives, falsePositives], [falseNegatives, truePositives]] = figures.confusion;
    for (const name of ['accuracy', 'roc_auc', 'precision', 'recall', 'f1'] as const) {
      expect(Number(measured[name])).toBeCloseTo(figures[name], 4);
    }
    expect(measured).toMatchObject({
      true_negatives: String(trueNegatives),
      false_positives: String(falsePositives),
      false_negatives: String(falseNegatives),
      true_positives: String(truePositives),
      rows: '100',
    });
    expect(verdict).toBe(figures.accuracy >= 0.85 && figures.roc_auc >= 0.8 ? 'pass' : 'fail');
    expect(source).toMatch('hold-out set ad_holdout_2026_09 (sha256 62455bf3');
    expect(source).toMatch('100 rows');
  });

  test('1.1.0 misses the accuracy and says so; the same run gives the same finding', async () => {
    const finding = await run(subjectOf('1.1.0'));
    expect(finding).toMatchObject({
      verdict: 'fail',
      reason: 'accuracy 0.77 is below 0.85',
      limit: { accuracy: '>= 0.85', roc_auc: '>= 0.8', rows: '>= 50' },
    });
    expect(finding.measured).toMatchObject({ accuracy: '0.77', accuracy_ci95: '0.6785 to 0.8416', roc_auc: '0.810502' });
    expect(await run(subjectOf('1.1.0'))).toEqual(finding);
  });

  // Rules §2: limits are inclusive where the guidelines say minimum.
  test.each([
    [0.92, 'pass', ''],
    [0.920001, 'fail', 'accuracy 0.92 is below 0.920001'],
    [0.92 + 1e-9, 'fail', 'accuracy 0.92 is below 0.920000001'],
  ])('1.2.0, accuracy 92 of 100, against %d: %s', async (min, verdict, reason) => {
    const policy = policyWith();
    const strict = { ...policy, thresholds: { ...policy.thresholds, accuracy: { min } } };
    expect(await run(subjectOf('1.2.0'), { policy: strict })).toMatchObject({ verdict, reason });
  });

  test('a file that is no model is refused with the reason', async () => {
    const subject = await withModel(store, subjectOf('1.2.0'), 'cos\nsystem\n(S"true"\ntR.');
    const finding = await run(subject);
    expect(finding).toMatchObject({ verdict: 'fail', measured: {}, limit: { accuracy: '>= 0.85' } });
    expect(finding.reason).toMatch(/^the runtime cannot load the model: .*protobuf/i);
  });

  test('a model of another width is refused with the reason', async () => {
    const subject = await withModel(store, subjectOf('1.2.0'), await readFile(await writeModel(twoColumns())));
    const finding = await run(subject);
    expect([finding.verdict, finding.reason]).toEqual([
      'fail',
      'the model does not fit: its input X is n x 2, but the rows have 131 features',
    ]);
  });

  test('a model that is killed on the way is an error, not a crash and no verdict', async () => {
    const code = 'process.stdin.once("data", () => process.kill(process.pid, "SIGKILL"))';
    const models = createModelRunner({ process: { command: process.execPath, args: ['-e', code] } });
    await expect(run(subjectOf('1.2.0'), { models })).rejects.toThrow('the model process was killed by SIGKILL');
  });

  test('a model whose answers are no figures fails', async () => {
    const models = answering((rows) => ({ labels: Array<number>(rows).fill(0), scores: Array<number>(rows).fill(Number.NaN) }));
    expect(await run(subjectOf('1.2.0'), { models })).toMatchObject({
      verdict: 'fail',
      reason: 'the model answers NaN on row 1',
    });
  });

  test('without a hold-out set nothing can be measured', async () => {
    const subject = subjectOf('1.2.0');
    await expect(run({ ...subject, holdoutSet: null })).rejects.toThrow('ad_holdout_2026_09 is not registered');
    await expect(run({ ...subject, holdoutSet: subject.trainingSet })).rejects.toThrow(
      'ad_train_2026_09 is registered as a training set',
    );
  });

  test('only float32 features can be measured', async () => {
    const subject = subjectOf('1.2.0');
    const features = subject.modelFile.features.map((feature) =>
      feature.name === 'age' ? { name: 'age', type: 'int64' as const } : feature,
    );
    await expect(run({ ...subject, modelFile: { ...subject.modelFile, features } })).rejects.toThrow('1.2.0 has age (int64)');
  });
});

describe('not worse than production', () => {
  const run = (candidate: CheckSubject, production: CheckSubject | null, models = createModelRunner()): Promise<Finding> =>
    checks['not-worse-than-production'].run(contextOf(store, candidate, { production, models }));

  test('is skipped for the one reason its rule names', async () => {
    const finding = await run(subjectOf('1.2.0'), null);
    expect([finding.verdict, finding.reason]).toEqual(['skipped', 'no production version yet']);
    expect(passes(finding)).toBe(true);
  });

  test('a better version passes, with the figures of both', async () => {
    const finding = await run(subjectOf('1.4.0'), subjectOf('1.2.0'));
    expect(finding).toMatchObject({ check: 'not-worse-than-production', verdict: 'pass', reason: '' });
    expect(finding.measured).toMatchObject({
      accuracy: '0.94',
      roc_auc: '0.986809',
      production_version: '1.2.0',
      production_accuracy: '0.92',
      production_roc_auc: '0.979706',
    });
    expect(finding.limit).toEqual({ accuracy: '>= 0.92', roc_auc: '>= 0.979706' });
  });

  test('a worse version fails, and says in what', async () => {
    const finding = await run(subjectOf('1.3.0'), subjectOf('1.2.0'));
    expect([finding.verdict, finding.reason]).toEqual([
      'fail',
      'accuracy 0.88 is below 0.92 of 1.2.0, which is in production; ROC AUC 0.950279 is below 0.979706 of 1.2.0, which is in production',
    ]);
  });

  // Rules §2: "Equal or better than production" lets a tie pass.
  test('a tie passes, both ways round', async () => {
    expect(await run(subjectOf('1.5.0'), subjectOf('1.4.0'))).toMatchObject({ verdict: 'pass' });
    expect(await run(subjectOf('1.4.0'), subjectOf('1.5.0'))).toMatchObject({ verdict: 'pass' });
  });

  test('production with fewer columns in another order is fed by name', async () => {
    const order = subjectOf('1.2.0').modelFile.features;
    const candidate = { ...subjectOf('1.4.0'), modelFile: { ...subjectOf('1.4.0').modelFile, features: [...order].reverse() } };
    const { measured } = await run(candidate, subjectOf('1.2.0'));
    expect(measured).toMatchObject({ production_accuracy: '0.92', production_roc_auc: '0.979706' });
  });

  test('production that needs a column the rows do not have is an error: the rules name no such reason to skip', async () => {
    const old = subjectOf('1.2.0');
    const features = [...old.modelFile.features, { name: 'weight', type: 'float32' as const }];
    const production = { ...old, modelFile: { ...old.modelFile, features } };
    await expect(run(subjectOf('1.4.0'), production)).rejects.toThrow(
      '1.2.0, which is in production, cannot be measured on these rows: the data set has no column weight',
    );
  });

  test('a production model that cannot be run is an error, a candidate that cannot is a failure', async () => {
    const broken = await withModel(store, subjectOf('1.2.0'), 'no model');
    await expect(run(subjectOf('1.4.0'), broken)).rejects.toThrow('1.2.0, which is in production, cannot be measured');
    expect(await run(broken, subjectOf('1.4.0'))).toMatchObject({ verdict: 'fail', measured: { production_accuracy: '0.94' } });
  });
});
