import { rm } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { artifacts } from '../../activities/checks/artifacts.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Store } from '../../platform/store.js';
import { contextOf, damage, exampleSubject, temporaryStore } from './subjects.js';

let store: Store;
let subject: CheckSubject;

beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
});

const run = (changed: CheckSubject = subject) => artifacts.run(contextOf(store, changed));
const fileOf = (path: string) => store.pathOf(subject.manifest.files.find((file) => file.path === path)?.sha256 ?? '');

test('a package as it was registered passes', async () => {
  const finding = await run();
  expect(finding).toMatchObject({ check: 'artifacts', verdict: 'pass', reason: '', measured: { files: '3' } });
  expect(finding.source).toMatch(subject.artifactDigest);
});

test.each(['model.onnx', 'MODEL_CARD.md', 'model.yaml'])('one changed byte in %s fails', async (path) => {
  await damage(store, subject, path);
  const { verdict, reason } = await run();
  expect(verdict).toBe('fail');
  expect(reason).toMatch(new RegExp(`^${path} does not have its SHA-256 [0-9a-f]{64} in the store$`));
});

test('a file that is gone, and one of another size, fail by name', async () => {
  await rm(fileOf('model.onnx'));
  const files = subject.manifest.files.map((file) => (file.path === 'MODEL_CARD.md' ? { ...file, size: file.size + 1 } : file));
  const { verdict, reason } = await run({ ...subject, manifest: { files } });
  expect(verdict).toBe('fail');
  expect(reason).toMatch('model.onnx is not in the store');
  expect(reason).toMatch(/MODEL_CARD.md has \d+ bytes in the store, \d+ in the manifest/);
});

test('a manifest that is gone fails', async () => {
  await rm(store.pathOf(subject.artifactDigest));
  expect(await run()).toMatchObject({ verdict: 'fail', reason: `manifest ${subject.artifactDigest} is not in the store` });
});

test('model.yaml and the manifest must name the same artifacts', async () => {
  const files = subject.manifest.files.filter(({ path }) => path !== 'MODEL_CARD.md');
  const renamed = subject.modelFile.artifacts.map((one) => (one.role === 'model' ? { ...one, sha256: 'f'.repeat(64) } : one));
  const { verdict, reason } = await run({
    ...subject,
    manifest: { files },
    modelFile: { ...subject.modelFile, artifacts: renamed },
  });
  expect(verdict).toBe('fail');
  expect(reason).toMatch('MODEL_CARD.md is named in model.yaml, but is not in the package');
  expect(reason).toMatch(/model.onnx has SHA-256 [0-9a-f]{64}, model.yaml says f{64}/);
});

test('a package without documentation fails', async () => {
  const kept = subject.modelFile.artifacts.filter(({ role }) => role === 'model');
  const { verdict, reason } = await run({ ...subject, modelFile: { ...subject.modelFile, artifacts: kept } });
  expect([verdict, reason]).toEqual(['fail', 'no artifact has the role documentation']);
});

test('a store that cannot be read is no verdict', async () => {
  const unreadable: Store = { ...store, verify: () => Promise.reject(new Error('input/output error')) };
  await expect(artifacts.run(contextOf(unreadable, subject))).rejects.toThrow('input/output error');
});
