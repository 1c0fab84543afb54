import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { ensureTrainingDistribution, readTrainingDistribution } from '../../activities/metrics/training-distribution.js';
import type { DataProfiler } from '../../activities/ports.js';
import { loadSubject } from '../../activities/registry/subject.js';
import { loadAttempt } from '../../platform/attempt.js';
import { registerLike } from '../support/copies.js';
import { PEOPLE } from '../support/promotion.js';
import { inActivity, request } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

const failing = (): Promise<never> => Promise.reject(new Error('there is no memory'));

async function subjectOf(version: string) {
  const subject = await loadSubject(world.db.worker, world.deps.store, MODEL, version);
  if (!subject?.trainingSet || !subject.featureView) throw new Error(`${version} is registered with its data`);
  const { trainingSet, featureView } = subject;
  return { subject, key: { datasetDigest: trainingSet.digest, featureHash: featureView.featureHash }, trainingSet, featureView };
}

/** A round of checks; `like` names an attempt whose verdicts are those of all but the data quality. */
async function round(version: string, data: Partial<DataProfiler>, like?: string): Promise<{ id: string; passed: string[] }> {
  await registerLike(world, '1.4.0', version, PEOPLE.mlops);
  const id = await request(world, version);
  await world.db.worker.query(
    `INSERT INTO check_result (promotion_id, round, phase, check_name, verdict, finding, took_ms, at)
       SELECT $1, round, phase, check_name, verdict, finding, 0, gatehouse_now() FROM check_result
        WHERE promotion_id = $2 AND check_name <> 'data-quality'`,
    [id, like],
  );
  const { runChecks } = createActivities({ ...world.deps, data: { ...world.deps.data, ...data } });
  await inActivity(runChecks, { promotionId: id });
  const attempt = await loadAttempt(world.deps.pool, id);
  return { id, passed: (attempt?.findings ?? []).filter(({ verdict }) => verdict === 'pass').map(({ check }) => check) };
}

it('a round of checks keeps the distribution of its training set once, and no verdict waits for it', async () => {
  const first = await round('3.1.0', { distribution: failing });
  expect(first.passed).toContain('data-quality');
  const { key, subject } = await subjectOf('3.1.0');
  expect(await readTrainingDistribution(world.db.reader, key)).toBeUndefined();

  expect((await round('3.2.0', {}, first.id)).passed.sort()).toEqual(first.passed.sort());
  const kept = await readTrainingDistribution(world.db.reader, key);
  expect(kept).toMatchObject({ rows: 233 });
  expect(kept?.features.map(({ name }) => name)).toEqual(subject.featureView?.features.map(({ name }) => name));

  // What is kept is not made again, and is for every version with this data and these features.
  const broken = { ...world.deps, data: { ...world.deps.data, distribution: failing } };
  expect(await ensureTrainingDistribution(broken, subject)).toEqual(kept);
  expect(await ensureTrainingDistribution(broken, (await subjectOf('3.2.0')).subject)).toEqual(kept);
});

it('is made when it is needed, of an intact file only, and nobody changes it', async () => {
  const { subject, trainingSet, featureView } = await subjectOf('3.1.0');
  const others = { ...featureView, featureHash: 'f'.repeat(64), features: featureView.features.slice(0, 2) };
  const made = await ensureTrainingDistribution(world.deps, { ...subject, featureView: others });
  const key = { datasetDigest: trainingSet.digest, featureHash: others.featureHash };
  expect(made.features).toHaveLength(2);
  expect(await readTrainingDistribution(world.db.reader, key)).toEqual(made);
  await expect(world.db.owner.query('UPDATE training_distribution SET distribution = $1', ['{}'])).rejects.toMatchObject({
    code: 'GH002',
  });

  const path = world.deps.store.pathOf(trainingSet.digest);
  const bytes = readFileSync(path);
  chmodSync(path, 0o600);
  writeFileSync(path, `${bytes.toString()}\n`);
  const another = { ...subject, featureView: { ...others, featureHash: 'e'.repeat(64) } };
  await expect(ensureTrainingDistribution(world.deps, another)).rejects.toThrow('SHA-256');
  await expect(ensureTrainingDistribution(world.deps, { ...subject, trainingSet: null })).rejects.toThrow('is not registered');
});
