import { readFile, rm } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { firstHoldoutRow } from '../../activities/checks/holdout.js';
import { createModelRunner } from '../../activities/checks/model-runner.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import { probeArtifact } from '../../activities/health-probe.js';
import type { Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { damage, exampleSubject, temporaryStore, withModel } from './subjects.js';
import { twoColumns, writeModel } from './tiny-onnx.js';

let store: Store;
let subject: CheckSubject;
beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
});

const models = createModelRunner();
const probe = async (changed: CheckSubject = subject, changes: Partial<Parameters<typeof probeArtifact>[0]> = {}) =>
  probeArtifact({
    store,
    models,
    subject: changed,
    policy: policyWith(),
    row: () => firstHoldoutRow(store, subject),
    ...changes,
  });

test('a version that answers one hold-out row is healthy', async () => {
  const { tookMs, ...answer } = await probe();
  expect(answer).toEqual({ verdict: 'healthy', reason: '' });
  expect(tookMs).toBeGreaterThan(0);
});

test.each(['model.onnx', 'MODEL_CARD.md'])('a changed byte in %s is critical', async (path) => {
  await damage(store, subject, path);
  expect(await probe()).toMatchObject({
    verdict: 'critical',
    reason: expect.stringMatching(`^${path} does not have its SHA-256`) as string,
  });
});

test('an artifact that is gone is critical', async () => {
  await rm(store.pathOf(subject.manifest.files.find(({ path }) => path === 'model.onnx')?.sha256 ?? ''));
  expect(await probe()).toMatchObject({ verdict: 'critical', reason: 'model.onnx is not in the store' });
});

test('a model that cannot be loaded, or does not fit, is a warning', async () => {
  expect(await probe(await withModel(store, subject, 'no model'))).toMatchObject({ verdict: 'warning' });
  const narrow = await withModel(store, subject, await readFile(await writeModel(twoColumns())));
  expect(await probe(narrow)).toMatchObject({ verdict: 'warning', reason: expect.stringMatching('131 features') as string });
});

test('a figure that is not finite is a warning', async () => {
  const strange = await withModel(store, subject, await readFile(await writeModel(twoColumns('Log'))));
  const row = () => Promise.resolve({ features: Float32Array.from([1, 0]), width: 2 });
  expect(await probe(strange, { row })).toMatchObject({
    verdict: 'warning',
    reason: 'the model answers -Infinity on a hold-out row',
  });
});

test('what could not be tried is unknown', async () => {
  const absent = createModelRunner({ process: { command: '/nowhere/node', args: [] } });
  expect(await probe(subject, { models: absent })).toMatchObject({ verdict: 'unknown' });
  const unreadable: Store = { ...store, verify: () => Promise.reject(new Error('input/output error')) };
  expect(await probe(subject, { store: unreadable })).toMatchObject({ verdict: 'unknown', reason: 'input/output error' });
});

test('a cancelled look answers nothing', async () => {
  await expect(probe(subject, { signal: AbortSignal.abort(new Error('cancelled')) })).rejects.toThrow('cancelled');
});
