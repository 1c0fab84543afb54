import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyEnvelope } from '../../activities/registry/apply.js';
import { advanceClock } from '../../platform/clock.js';
import type { ActPayload } from '../../domain/acts.js';
import { TABLE } from '../support/act-table.js';
import { fillStages, VERSION_IN, type Place } from '../support/all-stages.js';
import { PEOPLE } from '../support/promotion.js';
import { approved } from '../support/served.js';
import { inActivity, staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

const WEEK = 7 * 24 * 60 * 60_000;

let world: World;
let due: World;
let dueId: string;
beforeAll(async () => {
  [world, due] = await Promise.all([makeWorld(), makeWorld()]);
  await fillStages(world);
  dueId = await staged(due, '1.2.0');
  await approved(due, dueId);
  await advanceClock(due.db.ownerUrl, WEEK);
  await due.activities.standing({ promotionId: dueId });
  await inActivity(due.activities.runChecks, { promotionId: dueId });
}, 240_000);
afterAll(() => Promise.all([world?.close(), due?.close()]));

const audit = async (of: World, from: string, to: string) => {
  await of.db.owner.query(`ALTER FUNCTION ${from}(text) RENAME TO ${to}`);
};
beforeEach(() => Promise.all([world, due].map((of) => audit(of, 'append_audit', 'append_audit_gone'))));
afterEach(() => Promise.all([world, due].map((of) => audit(of, 'append_audit_gone', 'append_audit'))));

/** Every row of every table, as one text for each table. */
async function rows({ db }: World): Promise<Record<string, string>> {
  const { rows: tables } = await db.owner.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const kept: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows: found } = await db.owner.query<{ all: string | null }>(
      `SELECT string_agg(t::text, E'\\n' ORDER BY t::text) AS all FROM ${name} t`,
    );
    kept[name] = found[0]?.all ?? '';
  }
  return kept;
}

/** PostgreSQL's undefined_function: what an activity tells of it names the code alone. */
const NO_FUNCTION = /append_audit|42883/;

/** Does something that has to be recorded, and expects that it fails and that no row of any table is another one. */
async function changesNothing(of: World, work: () => Promise<unknown>): Promise<void> {
  const before = await rows(of);
  await expect(work()).rejects.toThrow(NO_FUNCTION);
  expect(await rows(of)).toEqual(before);
}

describe('no audit, no action (R16): where the trail takes no event, nothing happens', () => {
  const done = TABLE.flatMap((row) =>
    (Object.keys(row.done) as Place[]).map((place) => ({ row, place, said: row.said ?? row.act })),
  );

  it.each(done.filter(({ row }) => !row.after))('$said, $place', async ({ row, place }) => {
    const on: ActPayload = row.act === 'rollback' ? { model: MODEL } : { model: MODEL, version: VERSION_IN[place] };
    const envelope = await world.sign(row.act, row.by, { ...on, ...(await row.fields(place, world.db.reader)) });
    await changesNothing(world, () => applyEnvelope(world.deps, envelope));
  });

  it.each([
    ['freeze', { model: MODEL, freeze: 'on', reason: 'to see what becomes of it' }],
    ['hold', { model: MODEL, hold: 'on', reason: 'to see what becomes of it' }],
  ] as const)('%s', async (act, fields) => {
    await changesNothing(world, async () => world.act(act, PEOPLE.devops, fields));
  });

  it('a refusal, which is on the trail as well', async () => {
    await changesNothing(world, () =>
      world.act('freeze', PEOPLE.business, { model: MODEL, freeze: 'on', reason: 'not for me to say' }),
    );
  });

  it('the production change that is due', async () => {
    await changesNothing(due, () => due.activities.changeProduction({ promotionId: dueId }));
    expect(await stagesOf(due)).toEqual(['staging']);
  });

  it('and all of it can be done when the trail takes events again', async () => {
    await audit(due, 'append_audit_gone', 'append_audit');
    expect(await due.activities.changeProduction({ promotionId: dueId })).toBe('done');
    await audit(due, 'append_audit', 'append_audit_gone');
    expect(await stagesOf(due)).toEqual(['production']);
  });
});

async function stagesOf({ db }: World): Promise<string[]> {
  const { rows: versions } = await db.reader.query<{ status: string }>('SELECT status FROM model_version_detail');
  return versions.map(({ status }) => status);
}
