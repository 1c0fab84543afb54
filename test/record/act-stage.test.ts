import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEnvelope } from '../../activities/registry/apply.js';
import { ACTS, type ActPayload, type ActType } from '../../domain/acts.js';
import { refusalLine } from '../../domain/refusal.js';
import { TABLE, type Row } from '../support/act-table.js';
import { fillStages, stageAt, VERSION_IN, type Place } from '../support/all-stages.js';
import type { Tx } from '../../platform/pool.js';
import { rehearse } from '../support/rehearse.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

const PLACES = Object.keys(VERSION_IN) as Place[];
/** Acts that are about files, whole models, the trail or people, or make a version. */
const ON_PEOPLE: readonly string[] = ['enrol', 'revoke', 'rotate'];
const NOT_ON_A_VERSION: readonly string[] = [
  'policy',
  'feature-view',
  'dataset',
  'register',
  'freeze',
  'hold',
  'checkpoint',
  ...ON_PEOPLE,
];

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await fillStages(world);
});
afterAll(() => world.close());

async function signed(act: ActType, place: Place, { by, fields }: Pick<Row, 'by' | 'fields'>): Promise<string> {
  const on: ActPayload = act === 'rollback' ? { model: MODEL } : { model: MODEL, version: VERSION_IN[place] };
  return world.sign(act, by, { ...on, ...(await fields(place, world.db.reader)) });
}

/** Everything an act can change about versions, attempts and production, and the events since a given one. */
async function look(tx: Tx, after: number) {
  const { rows: versions } = await tx.query<{ version: string; status: string }>(
    'SELECT version, status FROM model_version_detail',
  );
  const { rows: kept } = await tx.query<Record<string, string>>(
    `SELECT (SELECT string_agg(concat_ws(' ', id, state, round, policy_seq, ended_at, asked_at), ', ' ORDER BY id) FROM promotion) AS attempts,
            (SELECT count(*) FROM decision) AS decisions, (SELECT count(*) FROM soak_act) AS soak_acts,
            (SELECT count(*) FROM quarantine) AS quarantines, (SELECT count(*) FROM production_change) AS changes`,
  );
  const { rows: events } = await tx.query<{ seq: number; action: string }>(
    'SELECT seq, action FROM audit_event WHERE seq > $1 ORDER BY seq',
    [after],
  );
  const stages = Object.fromEntries(versions.map(({ version, status }) => [version, status]));
  return { stages, kept: kept[0], events: events.map(({ action }) => action), last: events.at(-1)?.seq ?? after };
}

describe('every act on a version in every stage: done, or refused with the reason and nothing changed', () => {
  it('the table has every act that is about a version, and the record a version in every stage', async () => {
    expect(new Set(TABLE.map(({ act }) => act))).toEqual(
      new Set(Object.keys(ACTS).filter((act) => !NOT_ON_A_VERSION.includes(act))),
    );
    const { stages } = await rehearse(world, (_deps, tx) => look(tx, 0));
    expect(stages).toEqual(Object.fromEntries(PLACES.map((place) => [VERSION_IN[place], stageAt(place)])));
  });

  const cells = TABLE.flatMap((row) => PLACES.map((place) => ({ row, place, said: row.said ?? row.act })));
  it.each(cells)('$said, $place', async ({ row, place }) => {
    const done = row.done[place];
    const first = done && row.after ? await signed(row.after, place, row) : undefined;
    const envelope = await signed(row.act, place, row);
    const { answer, before, after } = await rehearse(world, async (deps, tx) => {
      if (first !== undefined) expect((await applyEnvelope(deps, first)).refusal).toBeNull();
      const start = await look(tx, 0);
      return { before: start, answer: await applyEnvelope(deps, envelope), after: await look(tx, start.last) };
    });
    if (done) {
      const [events, stages] = done;
      expect(answer.refusal).toBeNull();
      expect(after).toMatchObject({ events, stages: { ...before.stages, ...stages } });
    } else {
      const [kind, why] = row.refused(place);
      expect(answer).toMatchObject({ accepted: false, refusal: { kind } });
      expect(answer.refusal && refusalLine(answer.refusal)).toMatch(new RegExp(why));
      expect(after).toMatchObject({ stages: before.stages, kept: before.kept, events: ['act.refused'] });
    }
  });
});
