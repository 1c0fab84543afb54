import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lineage } from '../../activities/checks/lineage.js';
import { loadSubject } from '../../activities/registry/subject.js';
import { contextOf } from '../checks/subjects.js';
import { EXAMPLE, MODEL } from '../support/stack.js';
import { first, makeWorld, type World } from '../support/world.js';

let world: World;
let mlops: string;
beforeAll(async () => {
  world = await makeWorld();
  mlops = await first(world.db, 'mlops');
  await world.register('1.2.0', mlops);
});
afterAll(() => world.close());

/** Registers the example's training rows once more, in their series, under another name and role. */
async function registerAgain(name: string, role: string): Promise<void> {
  const { store } = world.deps;
  const text = readFileSync(join(EXAMPLE, 'training-set.yaml'), 'utf8')
    .replace(/^name: .*/m, `name: ${name}`)
    .replace(/^role: .*/m, `role: ${role}`);
  const [file, data] = [await store.putBytes(text), await store.put(join(EXAMPLE, 'data', 'train.csv'))];
  const answer = await world.act('dataset', mlops, { file: file.digest, data: data.digest });
  expect(answer).toMatchObject({ accepted: true });
}

async function found() {
  const { store } = world.deps;
  const subject = await loadSubject(world.db.reader, store, MODEL, '1.2.0');
  if (!subject) throw new Error('1.2.0 is registered');
  const { verdict, reason } = await lineage.run(contextOf(store, subject));
  return [verdict, reason];
}

// Rules §2: "the dataset is the latest approved one"; a data set is approved by being registered.
it('a later training set of the series is the latest, a hold-out set of it is not', async () => {
  expect(await found()).toEqual(['pass', '']);
  await registerAgain('ad_train_holdout', 'holdout');
  expect(await found()).toEqual(['pass', '']);
  await registerAgain('ad_train_2026_10', 'training');
  expect(await found()).toEqual([
    'fail',
    'ad_train_2026_09 is not the latest training set of ad_train: that is ad_train_2026_10',
  ]);
});
