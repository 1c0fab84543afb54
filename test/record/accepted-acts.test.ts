import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActType } from '../../domain/acts.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { intrude } from '../read/intruder.js';
import { PEOPLE } from '../support/promotion.js';
import { MODEL } from '../support/stack.js';
import { staged } from '../support/staged.js';
import { AT, makeWorld, type World } from '../support/world.js';

const EVE = `omar.devops${AT}`;
const HASH = 'e'.repeat(64);
const NO_ACT = { code: 'GH002', message: expect.stringContaining('no accepted') as string };

let world: World;
let id: string;
/** Acts on the record that none of the invented rows can stand on. */
let others: readonly string[];
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
  const registered = await world.register('1.4.0', PEOPLE.mlops);
  const policy = await world.act('policy', EVE, { model: MODEL, file: '0'.repeat(64) });
  const decision = await world.activities.decide({
    promotionId: id,
    envelope: await world.signDecision(id, EVE, 'devops', 'approve', { round: 9 }),
  });
  const acts = [policy, decision.answer, registered];
  expect(acts.map(({ accepted }) => accepted)).toEqual([false, false, true]);
  others = acts.map(({ hash }) => hash);
});
afterAll(() => world.close());

/** Rows that stand on a signed act: the table, an act it is for, what is in the row besides the act, how an invented one is named. */
const INVENTED: readonly (readonly [table: string, act: ActType, columns: string, values: string, named: RegExp])[] = [
  ...['approve', 'reject'].map(
    (decision) =>
      [
        'decision',
        'decision',
        'promotion_id, round, gate, decision, person, comment, received_at',
        `'${MODEL}/1.2.0/1', 1, 'devops', '${decision}', '${EVE}', 'forged', gatehouse_now()`,
        /decision by act \w{64} at gate devops of \S+ is on no event/,
      ] as const,
  ),
  [
    'soak_act',
    'pause',
    'promotion_id, kind, person, reason, at',
    `'${MODEL}/1.2.0/1', 'pause', '${EVE}', 'forged', gatehouse_now()`,
    /pause of the soak of \S+ by act \w{64}: which no event says/,
  ],
  [
    'break_glass',
    'break-glass',
    'promotion_id, round, skip, person, reason, at',
    `'${MODEL}/1.2.0/1', 1, 'soak', '${EVE}', 'forged', gatehouse_now()`,
    /break-glass of \S+ by act \w{64}: on no event/,
  ],
  ...(['freeze', 'hold'] as const).map(
    (kind) =>
      [
        'switch',
        kind,
        'kind, is_on, reason, person, at',
        `'${kind}', true, 'forged', '${EVE}', gatehouse_now()`,
        new RegExp(`${kind} by act \\w{64}: on no event`),
      ] as const,
  ),
  [
    'quarantine',
    'rollback',
    'model_id, version, quarantined, reason, person, at',
    `1, '1.2.0', true, 'forged', '${EVE}', gatehouse_now()`,
    /quarantine of \S+ by act \w{64}: on no event/,
  ],
  ['enrolment', 'enrol', 'email', `'eve${AT}'`, /enrolment of eve\S+ by act \w{64} is on no event/],
  [
    'promotion',
    'request',
    'id, model_id, version, attempt, policy_seq, requested_by, requested_at',
    `'${MODEL}/1.4.0/1', 1, '1.4.0', 1, 2, '${EVE}', gatehouse_now()`,
    /promotion \S+1\.4\.0\/1 is registered, the trail has it as unknown/,
  ],
  [
    'model_version_detail',
    'register',
    'model_id, version, artifact_digest, feature_hash, registered_by, registered_at',
    `1, '9.9.9', repeat('a', 64), repeat('a', 64), '${EVE}', gatehouse_now()`,
    /version \S+9\.9\.9 is registered, the trail does not know it/,
  ],
  [
    'policy',
    'policy',
    'model, digest, file_text, effective, relaxed, registered_at',
    `'${MODEL}', repeat('a', 64), '', '{}', '{}', gatehouse_now()`,
    /policy\/\S+ of act \w{64} is on no event/,
  ],
  [
    'feature_view',
    'feature-view',
    'name, version, feature_hash, features, file_text, registered_at',
    `'forged', 1, repeat('a', 64), '[]', '', gatehouse_now()`,
    /feature-view\/forged\S* .*on no event/,
  ],
  [
    'dataset',
    'dataset',
    'name, series, role, digest, feature_view, feature_view_version, label, file_text, registered_at',
    `'forged', 'forged', 'training', repeat('a', 64), 'forged', 1, 'y', '', gatehouse_now()`,
    /dataset\/forged .*on no event/,
  ],
];

const inserted = ([table, , columns, values]: (typeof INVENTED)[number], hash: string): string =>
  `INSERT INTO ${table} (envelope, ${columns}) VALUES ('${hash}', ${values})`;
const envelope = (act: string, person: string, accepted: boolean): string =>
  `INSERT INTO envelope (hash, act, person, subject, jws, received_at, accepted, answer)
     VALUES ('${HASH}', '${act}', '${person}', 'x', 'a.b.c', gatehouse_now(), ${accepted}, '{}')`;

/** Writes as the worker's login: the act last, as the worker does. */
async function write(statements: readonly string[], end: 'COMMIT' | 'SET CONSTRAINTS ALL IMMEDIATE'): Promise<void> {
  const client = await world.db.worker.connect();
  try {
    await client.query('BEGIN');
    for (const statement of [...statements, end]) await client.query(statement);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

describe('what stands on a signed act stands on an accepted one of its kind, by the same person', () => {
  it.each(INVENTED)('a row of %s on another act than an accepted %s is refused at commit', async (...row) => {
    const [, act, , values] = row;
    for (const hash of others) await expect(write([inserted(row, hash)], 'COMMIT')).rejects.toMatchObject(NO_ACT);
    const on = (...acts: Parameters<typeof envelope>) => [inserted(row, HASH), envelope(...acts)];
    await expect(write(on(act, EVE, false), 'COMMIT')).rejects.toMatchObject(NO_ACT);
    await expect(write(on('revoke', EVE, true), 'COMMIT')).rejects.toMatchObject(NO_ACT);
    if (values.includes(EVE)) await expect(write(on(act, PEOPLE.mlops, true), 'COMMIT')).rejects.toMatchObject(NO_ACT);
    await write(on(act, EVE, true), 'SET CONSTRAINTS ALL IMMEDIATE');
  });

  it('and leaves nothing behind: every gate is open, and the trail holds', async () => {
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
    const { progress } = await world.activities.standing({ promotionId: id });
    expect(progress.gates.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open']);
  });
});

describe('audit verify names a row that was put on a refused act, or on another one, all the same', () => {
  it('of every table', async () => {
    const intruder = await intrude(world);
    try {
      for (const row of INVENTED)
        for (const hash of others)
          expect((await intruder.after(inserted(row, hash))).unbacked.join('\n'), `${row[0]} on ${hash}`).toMatch(row[4]);
    } finally {
      await intruder.client.end();
    }
  });
});
