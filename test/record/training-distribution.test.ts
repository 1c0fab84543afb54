import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { ensureTrainingDistribution, trainingDistributionOf } from '../../activities/checks/training-distribution.js';
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
  return { subject, trainingSet, featureView };
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
  expect(await trainingDistributionOf(world.db.reader, { model: MODEL, version: '3.1.0' })).toBeUndefined();

  expect((await round('3.2.0', {}, first.id)).passed.sort()).toEqual(first.passed.sort());
  const kept = await trainingDistributionOf(world.db.reader, { model: MODEL, version: '3.2.0' });
  const { subject, featureView } = await subjectOf('3.1.0');
  expect(kept).toMatchObject({ rows: 233 });
  expect(kept?.features.map(({ name }) => name)).toEqual(featureView.features.map(({ name }) => name));

  // What is kept is not made again, and is for every version with this data and these features.
  const broken = { ...world.deps, data: { ...world.deps.data, distribution: failing } };
  expect(await ensureTrainingDistribution(broken, subject)).toEqual(kept);
  expect(await trainingDistributionOf(world.db.reader, subject)).toEqual(kept);
});

it('is made when it is needed, of an intact file only, and nobody changes it', async () => {
  const { subject, trainingSet, featureView } = await subjectOf('3.1.0');
  await registerLike(world, '1.4.0', '3.3.0', PEOPLE.mlops);
  const others = (letter: string) => ({
    ...featureView,
    featureHash: letter.repeat(64),
    features: featureView.features.slice(0, 2),
  });
  const another = { ...subject, version: '3.3.0' };
  expect((await ensureTrainingDistribution(world.deps, { ...another, featureView: others('f') }))?.features).toHaveLength(2);
  for (const table of ['training_distribution', 'trained_on'])
    await expect(world.db.owner.query(`DELETE FROM ${table}`)).rejects.toMatchObject({ code: 'GH002' });

  const logged: string[] = [];
  const deps = { ...world.deps, log: (level: string, message: string) => void logged.push(`${level}: ${message}`) };
  const path = world.deps.store.pathOf(trainingSet.digest);
  const bytes = readFileSync(path);
  chmodSync(path, 0o600);
  writeFileSync(path, `${bytes.toString()}\n`);
  await registerLike(world, '1.4.0', '3.4.0', PEOPLE.mlops);
  const fresh = { ...subject, version: '3.4.0' };
  expect(await ensureTrainingDistribution(deps, { ...fresh, featureView: others('e') })).toBeUndefined();
  expect(await ensureTrainingDistribution(deps, { ...fresh, trainingSet: null })).toBeUndefined();
  expect(logged).toEqual(Array(2).fill('warn: the distribution of a training set cannot be made'));
  await expect(
    ensureTrainingDistribution(deps, { ...fresh, featureView: others('e') }, AbortSignal.abort(new Error('cancelled'))),
  ).rejects.toThrow('cancelled');
});
