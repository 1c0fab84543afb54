import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { glassFields } from '../../domain/break-glass-act.js';
import { loadAttempt } from '../../platform/attempt.js';
import { advanceClock } from '../../platform/clock.js';
import { readBundle } from '../../platform/read/bundle.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { approve, DAY } from '../read/life.js';
import { verifyAlone, written } from '../support/bundle.js';
import { actAs, ALICE, applicant, decideAs, enrolled, enrolling, ANTON, type Applicant } from '../support/people.js';
import { drive, staged } from '../support/staged.js';
import { makeWorld, members, type World } from '../support/world.js';

let world: World;
let id: string;
let carla: Applicant;
let rosa: Applicant;
beforeAll(async () => {
  world = await makeWorld();
  carla = await applicant('carla.cole@example.com', 'Carla Cole');
  rosa = await applicant('rosa.diaz@example.com', 'Rosa Díaz');
  await enrolled(world, carla, 'security');
  await enrolled(world, rosa, 'ds-team');
  id = await staged(world, '1.2.0');
}, 120_000);
afterAll(() => world?.close());

async function stateOf(gate: string): Promise<string | undefined> {
  const { progress } = await world.activities.standing({ promotionId: id });
  return progress.gates.find((each) => each.gate === gate)?.state;
}

describe('a key that was replaced by its owner', () => {
  it('keeps the approvals that were given under it, and signs no more', async () => {
    expect(await decideAs(world, rosa, id, 'data-science')).toMatchObject({ accepted: true });
    const next = await applicant(rosa.email, rosa.name);
    const rotated = await actAs(world, rosa, 'rotate', { key: next.key.kid, request: next.request });
    expect(rotated).toMatchObject({ accepted: true });
    expect(world.told).toContain(`nudge ${id}`);
    expect(await stateOf('data-science')).toBe('approved');
    expect(await decideAs(world, rosa, id, 'data-science')).toMatchObject({
      refusal: { kind: 'identity', given: expect.stringMatching(/until .* the key of rosa/) as string },
    });
    rosa = next;
  });
});

describe('revocation counts until the change (R15)', () => {
  it('is told to the attempt of which somebody signed a break-glass and nothing else, and waits while it is judged', async () => {
    const zora = await applicant('zora.moe@example.com', 'Zora Moe');
    await enrolled(world, zora, 'devops');
    const attempt = await loadAttempt(world.db.reader, id);
    if (!attempt) throw new Error(`no ${id}`);
    const { model, version } = attempt;
    const glass = { model, version, ...glassFields(attempt), skip: 'soak', reason: 'production misses every second patient' };
    expect(await actAs(world, zora, 'break-glass', glass)).toMatchObject({ accepted: true });
    const judging = await world.db.owner.connect();
    await judging.query('BEGIN');
    await judging.query('SELECT lock_signers($1)', [id]);
    const held = world.db.owner.query('SELECT FROM person WHERE email = $1 FOR UPDATE NOWAIT', [zora.email]);
    await expect(held).rejects.toThrow('could not obtain lock');
    await judging.query('ROLLBACK');
    judging.release();
    world.told.length = 0;
    await world.act('revoke', ALICE, { email: zora.email, reason: 'her laptop was stolen today' });
    expect(world.told).toEqual([`nudge ${id}`]);
  });

  it('an approval whose author is revoked counts no more, also when the soak is over', async () => {
    expect(await decideAs(world, carla, id, 'security')).toMatchObject({ accepted: true });
    await approve(world, id, 'devops');
    await approve(world, id, 'business');
    world.told.length = 0;
    const revoked = await world.act('revoke', ALICE, { email: carla.email, reason: 'her laptop was stolen today' });
    expect(revoked).toMatchObject({ accepted: true, result: { state: 'revoked' } });
    expect(world.told).toEqual([`nudge ${id}`]);
    await advanceClock(world.db.ownerUrl, 8 * DAY);
    await drive(world, id);
    expect(await stateOf('security')).toBe('void');
    expect(await stageOf()).toBe('staging');
  });

  it('a new key by two administrators brings none of it back; somebody else approves, and it goes', async () => {
    const again = await applicant(carla.email, carla.name);
    expect(await enrolled(world, again, 'security')).toMatchObject({ accepted: true, result: { state: 'changed' } });
    await drive(world, id);
    expect([await stateOf('security'), await stageOf()]).toEqual(['void', 'staging']);
    await approve(world, id, 'security', 1);
    await drive(world, id);
    expect(await stageOf()).toBe('production');
  });

  it('after the change it takes nothing back: the gate stays as it was passed', async () => {
    await world.act('revoke', ALICE, { email: await second('security'), reason: 'she has left the company' });
    expect(await stateOf('security')).toBe('approved');
  });

  it('leaves a trail that verifies, and a bundle that verifies alone, whatever was refused about its people', async () => {
    const herself = enrolling(await applicant(ALICE, 'Alice Admin'), 'admin,security');
    expect(await world.act('enrol', ALICE, herself)).toMatchObject({ accepted: false });
    expect(await world.act('freeze', ALICE, { model: '', freeze: 'on', reason: 'to have signed since' })).toMatchObject({
      accepted: true,
    });
    expect(await actAs(world, rosa, 'rotate', { key: rosa.key.kid, request: rosa.request })).toMatchObject({ accepted: false });
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
    const bundle = await readBundle(world.db.reader, world.deps.store, id);
    const ran = await verifyAlone(written(bundle));
    expect(ran.stdout).toMatch(/4 gates approved by rosa\.diaz@example\.com, .*/);
    expect(ran).toMatchObject({ code: 0 });
  });
});

describe('a key that was lost or stolen', () => {
  it('is replaced by two administrators, and what was approved with it is void', async () => {
    const other = await staged(world, '1.4.0');
    expect(await decideAs(world, rosa, other, 'data-science')).toMatchObject({ accepted: true });
    const next = await applicant(rosa.email, rosa.name);
    expect(await enrolled(world, next, 'ds-team')).toMatchObject({ accepted: true, result: { state: 'changed' } });
    const { progress } = await world.activities.standing({ promotionId: other });
    expect(progress.gates.find(({ gate }) => gate === 'data-science')?.state).toBe('void');
    expect(await decideAs(world, next, other, 'data-science')).toMatchObject({ accepted: true });
  });

  it('groups that change keep what is still theirs to approve', async () => {
    const kept = await world.db.reader.query<{ kid: string }>('SELECT kid FROM person WHERE email = $1', [rosa.email]);
    const fields = enrolling(rosa, 'ds-team,mlops', { key: kept.rows[0]?.kid ?? '', request: '' });
    await world.act('enrol', ALICE, fields);
    expect(await world.act('enrol', ANTON, fields)).toMatchObject({ accepted: true, result: { state: 'changed' } });
    const { rows } = await world.db.reader.query<{ id: string }>(`SELECT id FROM promotion WHERE state = 'staging'`);
    const { progress } = await world.activities.standing({ promotionId: rows[0]?.id ?? '' });
    expect(progress.gates.find(({ gate }) => gate === 'data-science')?.state).toBe('approved');
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });
});

async function second(group: string): Promise<string> {
  return (await members(world.db, group)).find((email) => email.startsWith('simon')) ?? '';
}

async function stageOf(): Promise<string | undefined> {
  const { rows } = await world.db.reader.query<{ state: string }>('SELECT state FROM promotion WHERE id = $1', [id]);
  return rows[0]?.state;
}
