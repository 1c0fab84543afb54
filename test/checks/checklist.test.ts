import { rm } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { checklist } from '../../activities/checks/checklist.js';
import { createModelRunner } from '../../activities/checks/model-runner.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Finding } from '../../domain/checks.js';
import type { Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { contextOf, damage, exampleSubject, temporaryStore, withModel } from './subjects.js';

let store: Store;
let subject: CheckSubject;
beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.4.0');
});

const run = (changed: CheckSubject = subject, changes: Parameters<typeof contextOf>[2] = {}): Promise<Finding> =>
  checklist.run(contextOf(store, changed, changes));
const declaring = (changes: CheckSubject['modelFile']['checklist']): CheckSubject => ({
  ...subject,
  modelFile: { ...subject.modelFile, checklist: { ...subject.modelFile.checklist, ...changes } },
});

/** The subject with this as its documentation, listed everywhere as if it had been registered so. */
async function documented(content: string | Uint8Array): Promise<CheckSubject> {
  const { digest, size } = await store.putBytes(content);
  const files = subject.manifest.files.map((file) => (file.path === 'MODEL_CARD.md' ? { ...file, sha256: digest, size } : file));
  return { ...subject, manifest: { files } };
}

test.each(['1.1.0', '1.2.0', '1.3.0', '1.4.0', '1.5.0'])('%s of the example passes as it is', async (version) => {
  const finding = await run(await exampleSubject(store, version));
  expect(finding).toMatchObject({ check: 'checklist', verdict: 'pass', reason: '' });
  expect(finding.measured).toMatchObject({
    ab_test: expect.stringMatching(/^not applicable: /) as string,
    documentation: expect.stringMatching(/^MODEL_CARD.md, \d{3} characters$/) as string,
    monitoring:
      'source: prediction-log; baseline: figures of ad_holdout_2026_09 at promotion; drift: each feature against ad_train_2026_09; verified by mlops@duetmind.ai',
    rollback_plan: expect.stringMatching(/; verified by devops@duetmind.ai$/) as string,
    rollback_target: 'none: no version is in production yet',
  });
});

test('everything that is missing is named at once', async () => {
  const { verdict, reason } = await run({
    ...subject,
    modelFile: {
      ...subject.modelFile,
      artifacts: subject.modelFile.artifacts.filter(({ role }) => role !== 'documentation'),
      checklist: { monitoring: { source: 'grafana', baseline: 'b', drift: 'd', verified_by: 'tbd' } },
    },
  });
  expect(verdict).toBe('fail');
  expect(reason.split('; ')).toEqual([
    'no artifact has the role documentation',
    'no A/B result is declared: give its figures, or not_applicable with the reason',
    'the monitoring names nobody who verified it (verified_by)',
    "the monitoring's source is grafana, the policy's watch reads prediction-log",
    'no rollback plan is declared',
  ]);
});

test('the figures of an A/B result are shown', async () => {
  const { verdict, measured } = await run(declaring({ ab_test: { metric: 'accuracy', candidate: 0.94, production: 0.92 } }));
  expect([verdict, measured['ab_test']]).toEqual(['pass', 'metric accuracy, candidate 0.94, production 0.92']);
});

describe('the documentation', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'MODEL_CARD.md is empty'],
    ['too little', 'alzheimer_classifier 1.4.0', 'MODEL_CARD.md has 25 characters, at least 200 are asked for'],
    ['another version', `alzheimer_classifier 1.3.0 ${'word '.repeat(60)}`, 'MODEL_CARD.md does not name the version 1.4.0'],
    [
      'a PDF by its content',
      `%PDF-1.7 alzheimer_classifier 1.4.0 ${'word '.repeat(60)}`,
      'MODEL_CARD.md is neither Markdown nor plain text',
    ],
    ['bytes that are no text', Buffer.alloc(500), 'MODEL_CARD.md is neither Markdown nor plain text'],
    ['another encoding', Buffer.alloc(500, 0xe9), 'MODEL_CARD.md is neither Markdown nor plain text: it is not UTF-8'],
  ])('is not there with %s', async (_, content, reason) => {
    expect(await run(await documented(content))).toMatchObject({ verdict: 'fail', reason });
  });

  test('must be what the manifest says', async () => {
    await damage(store, subject, 'MODEL_CARD.md');
    expect((await run()).reason).toMatch(/^MODEL_CARD.md is not in the store with its SHA-256 [0-9a-f]{64}$/);
    await rm(store.pathOf(subject.manifest.files.find(({ path }) => path === 'MODEL_CARD.md')?.sha256 ?? ''));
    expect((await run()).reason).toMatch(/^MODEL_CARD.md is not in the store/);
    const files = subject.manifest.files.filter(({ path }) => path !== 'MODEL_CARD.md');
    expect((await run({ ...subject, manifest: { files } })).reason).toBe(
      'MODEL_CARD.md is named in model.yaml, but is not in the package',
    );
  });

  test('one document that says it all is enough', async () => {
    const { digest: sha256, size } = await store.putBytes('Apache-2.0');
    const licence = { path: 'LICENSE', role: 'documentation', sha256 };
    const both = {
      ...subject,
      manifest: { files: [...subject.manifest.files, { path: 'LICENSE', sha256, size }] },
      modelFile: { ...subject.modelFile, artifacts: [licence, ...subject.modelFile.artifacts] },
    };
    const { verdict, measured } = await run(both);
    expect(verdict).toBe('pass');
    expect(measured['documentation']).toMatch(/^LICENSE, 10 characters; MODEL_CARD.md, /);
  });

  test('has the length the policy asks for', async () => {
    const policy = { ...policyWith(), checklist: { documentation: { min_characters: 5_000 } } };
    const { reason, limit } = await run(subject, { policy });
    expect(reason).toMatch(/^MODEL_CARD.md has \d+ characters, at least 5000 are asked for$/);
    expect(limit['documentation']).toBe('>= 5000 characters, naming model and version');
  });
});

describe('the version a rollback would choose', () => {
  let production: CheckSubject;
  beforeEach(async () => {
    production = await exampleSubject(store, '1.2.0');
  });

  test('is looked at and loaded', async () => {
    const { verdict, measured, source } = await run(subject, { production });
    expect([verdict, measured['rollback_target']]).toEqual([
      'pass',
      '1.2.0: 3 files as in its manifest; loads and answers a hold-out row',
    ]);
    expect(source).toMatch(`rollback target 1.2.0 in the store, against its manifest ${production.artifactDigest}`);
  });

  test('must match its manifest', async () => {
    await damage(store, production, 'model.onnx');
    const { verdict, reason, measured } = await run(subject, { production });
    expect(verdict).toBe('fail');
    expect(reason).toMatch(/^rollback target 1.2.0: model.onnx does not have its SHA-256 [0-9a-f]{64} in the store$/);
    expect(measured['rollback_target']).toBe('1.2.0: damaged');
  });

  test('must load', async () => {
    const { verdict, reason } = await run(subject, { production: await withModel(store, production, 'no model') });
    expect(verdict).toBe('fail');
    expect(reason).toMatch(/^rollback target 1.2.0: the runtime cannot load the model: /);
  });

  test('that could not be tried is an error, not a verdict', async () => {
    const models = createModelRunner({ process: { command: process.execPath, args: ['-e', 'process.exit(3)'] } });
    await expect(run(subject, { production, models })).rejects.toThrow('the model process ended with code 3 without an answer');
  });

  test('is the one the plan names, where it names one', async () => {
    const plan = { steps: 'swap', verified_by: 'devops@duetmind.ai' };
    expect(await run(declaring({ rollback_plan: { ...plan, to: '1.2.0' } }), { production })).toMatchObject({ verdict: 'pass' });
    expect(await run(declaring({ rollback_plan: { ...plan, to: '1.1.0' } }), { production })).toMatchObject({
      verdict: 'fail',
      reason: 'the rollback plan goes to 1.1.0, but a rollback today goes to 1.2.0',
    });
  });
});
