import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEnvelope } from '../../activities/registry/apply.js';
import { newcomer } from '../support/newcomer.js';
import { PEOPLE } from '../support/promotion.js';
import { EXAMPLE, eventually, MODEL, root } from '../support/stack.js';
import { AT, makeWorld, type World } from '../support/world.js';

const ADMIN = `alice.admin${AT}`;
const DEFAULTS = readFileSync(join(root, 'policies', '_defaults.yaml'), 'utf8');
const OWN = readFileSync(join(EXAMPLE, 'policy.yaml'), 'utf8');

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

const asEnvelope = async (by: string, model: string, text: string) => {
  const { digest } = await world.deps.store.putBytes(text);
  return world.sign('policy', by, { model, file: digest });
};
const register = async (by: string, model: string, text: string) => applyEnvelope(world.deps, await asEnvelope(by, model, text));
const ofModel = (by: string, rights: string) => register(by, MODEL, `${OWN}\nrights: { ${rights} }\n`);
const ofAll = (by: string, right: string, groups: string) =>
  register(by, '_defaults', DEFAULTS.replace(new RegExp(`^ {2}${right}: .*$`, 'm'), `  ${right}: [${groups}]`));

describe('a policy is registered by the policy that holds before it', () => {
  it('so nobody gives themselves the right with the file they register', async () => {
    const refused = { accepted: false, refusal: { kind: 'identity', what: 'right to policy', allowed: 'groups admin' } };
    expect(await ofModel(PEOPLE.dataScience, 'policy: [ds-team]')).toMatchObject(refused);
    expect(await ofAll(PEOPLE.dataScience, 'policy', 'ds-team')).toMatchObject(refused);
  });

  it('and whoever gives the right away has it until then', async () => {
    expect(await ofModel(ADMIN, 'policy: [ds-team]')).toMatchObject({ accepted: true });
    expect(await ofModel(ADMIN, 'policy: [admin]')).toMatchObject({ refusal: { kind: 'identity', allowed: 'groups ds-team' } });
  });

  it('a model is let to more groups only by somebody whom the defaults let change policies', async () => {
    expect(await ofModel(PEOPLE.dataScience, 'policy: [ds-team, business]')).toMatchObject({
      accepted: false,
      refusal: { kind: 'identity', what: `right to let more groups change the policy of ${MODEL} (rights.policy: business)` },
    });
    expect(await ofModel(PEOPLE.dataScience, 'policy: [ds-team, admin], retire: [business]')).toMatchObject({ accepted: true });
    expect(await ofModel(ADMIN, 'policy: [admin, business]')).toMatchObject({ accepted: true });
    expect(await ofModel(ADMIN, 'policy: [admin]')).toMatchObject({ accepted: true });
  });

  it('where it takes the place of one with a narrower table, what was let to others is theirs no longer', async () => {
    expect(await world.register('1.2.0', PEOPLE.mlops)).toMatchObject({ accepted: true });
    const fields = { model: MODEL, freeze: 'on', reason: 'the site is closed for stocktaking' };
    expect(await ofModel(ADMIN, 'freeze: [security]')).toMatchObject({ accepted: true });
    expect(await world.act('freeze', PEOPLE.devops, fields)).toMatchObject({ refusal: { allowed: 'groups security' } });
    expect(await world.act('freeze', PEOPLE.devops, { ...fields, model: '' })).toMatchObject({ accepted: true });
    expect(await world.act('freeze', PEOPLE.security, fields)).toMatchObject({ accepted: true });
  });
});

describe('nobody is locked out by a policy', () => {
  it('one whose groups for policies or people have no member is refused', async () => {
    for (const [right, what] of [
      ['policy', 'the policy of _defaults'],
      ['people', 'people'],
    ] as const) {
      expect(await ofAll(ADMIN, right, 'board')).toMatchObject({
        accepted: false,
        refusal: { kind: 'rule', what: `nobody could change ${what} any more`, given: `rights.${right}: board` },
      });
    }
    expect(await ofModel(ADMIN, 'policy: [board]')).toMatchObject({ refusal: { kind: 'rule' } });
  });

  it('a member who is revoked is none, and one who is enrolled later is', async () => {
    const chair = await newcomer(world, `carla.chair${AT}`, 'board');
    await world.db.owner.query('UPDATE person SET revoked_at = now() WHERE email = $1', [chair]);
    expect(await ofAll(ADMIN, 'people', 'board')).toMatchObject({ refusal: { kind: 'rule' } });
    await world.db.owner.query('UPDATE person SET revoked_at = NULL WHERE email = $1', [chair]);
    expect(await ofAll(ADMIN, 'people', 'board')).toMatchObject({ accepted: true });
  });
});

describe('a right that is taken away while an act is under way', () => {
  it('is gone for every act that comes later on the trail', async () => {
    const { digest } = await world.deps.store.putBytes(
      readFileSync(join(EXAMPLE, 'feature-view.yaml'), 'utf8').replace('version: 3', 'version: 4'),
    );
    const act = await world.sign('feature-view', PEOPLE.mlops, { file: digest });
    const narrower = DEFAULTS.replace('feature-view: [admin, mlops]', 'feature-view: [admin]');
    const held = holding(world.deps.pool);
    const taking = applyEnvelope({ ...world.deps, pool: held.pool }, await asEnvelope(ADMIN, '_defaults', narrower));
    await held.reached;
    const acting = applyEnvelope(world.deps, act);
    await eventually(async () => {
      const { rows } = await world.db.owner.query<{ n: number }>(
        `SELECT count(*) AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`,
      );
      return (rows[0]?.n ?? 0) > 0;
    });
    held.commit();
    expect(await taking).toMatchObject({ accepted: true });
    expect(await acting).toMatchObject({ accepted: false, refusal: { what: 'right to feature-view', allowed: 'groups admin' } });
    const { rows } = await world.db.reader.query<{ action: string }>('SELECT action FROM audit_event ORDER BY seq DESC LIMIT 2');
    expect(rows.map(({ action }) => action)).toEqual(['act.refused', 'policy.registered']);
  });
});

describe('before there is a policy', () => {
  it('what held before policies had a table of rights holds', async () => {
    await world.db.owner.query('ALTER TABLE policy DISABLE TRIGGER USER; DELETE FROM policy');
    expect(await register(PEOPLE.mlops, '_defaults', DEFAULTS)).toMatchObject({ refusal: { allowed: 'groups admin' } });
    expect(await ofAll(ADMIN, 'people', 'nobody')).toMatchObject({ refusal: { kind: 'rule' } });
    expect(await register(ADMIN, '_defaults', DEFAULTS)).toMatchObject({ accepted: true });
  });
});

/** A pool whose transactions wait before their commit. */
function holding(pool: pg.Pool) {
  const atCommit = signal();
  const mayCommit = signal();
  const connect = async () => {
    const client = await pool.connect();
    const query = async (text: string, values?: unknown[]) => {
      if (text === 'COMMIT') {
        atCommit.give();
        await mayCommit.given;
      }
      return client.query(text, values);
    };
    return { query, release: () => client.release() };
  };
  const waiting = { connect, query: pool.query.bind(pool) } as unknown as pg.Pool;
  return { pool: waiting, reached: atCommit.given, commit: mayCommit.give };
}

function signal() {
  let give = () => undefined as void;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}
