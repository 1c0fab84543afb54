import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GATES } from '../../domain/policy.js';
import { advanceClock } from '../../platform/clock.js';
import { readTrail, trailLength } from '../../platform/read/audit-trail.js';
import { readCheck } from '../../platform/read/check.js';
import { readPending } from '../../platform/read/pending.js';
import { readStatus, type VersionStatus } from '../../platform/read/status.js';
import { MODEL } from '../support/stack.js';
import { first, makeWorld, members, type World } from '../support/world.js';
import { approve, approveAll, DAY, drive, request } from './life.js';

let world: World;
let mlops: string;
beforeAll(async () => {
  world = await makeWorld();
  mlops = await first(world.db, 'mlops');
});
afterAll(() => world.close());

const reader = () => world.db.reader;
const check = async (version: string) => {
  const found = await readCheck(reader(), { model: MODEL, version });
  if (!found) throw new Error('nothing found');
  return found;
};
const condition = async (version: string, id: string) => (await check(version)).conditions.find((each) => each.id === id);
async function versionOf(version: string): Promise<VersionStatus> {
  const found = (await readStatus(reader(), { version })).models[0]?.versions[0];
  if (!found) throw new Error('nothing found');
  return found;
}

describe('what the reading verbs say through one life', () => {
  it('says nothing of an empty registry', async () => {
    expect((await readStatus(reader(), {})).models).toEqual([]);
    expect((await readPending(reader())).pending).toEqual([]);
    expect(await readCheck(reader(), { model: MODEL, version: '1.2.0' })).toBeUndefined();
  });

  it('before anybody asks for a promotion every condition is pending', async () => {
    for (const version of ['1.2.0', '1.4.0']) await world.register(version, mlops);
    expect(await versionOf('1.2.0')).toMatchObject({ stage: 'registered', promotion: null, registeredBy: mlops });
    const found = await check('1.2.0');
    expect(found).toMatchObject({ eligible: false, earliest: null, promotionId: null });
    expect(new Set(found.conditions.map(({ verdict }) => verdict))).toEqual(new Set(['pending']));
    expect(found.conditions.filter(({ kind }) => kind === 'gate').map(({ id }) => id)).toEqual([...GATES]);
  });

  it('in staging the gates wait for those whose approval would count, until the soak maximum', async () => {
    await drive(world, await request(world, '1.2.0', mlops));
    const { pending } = await readPending(reader());
    expect(pending.map(({ gate }) => gate)).toEqual([...GATES]);
    expect(pending[1]).toMatchObject({
      model: MODEL,
      version: '1.2.0',
      state: 'open',
      group: 'devops',
      who: await members(world.db, 'devops'),
    });
    const { stagedAt, promotion } = await versionOf('1.2.0');
    expect(pending[1]?.since).toBe(stagedAt);
    expect(pending[1]?.dueAt).toBe(promotion?.soak?.maxEndsAt);
    expect(Date.parse(pending[1]?.dueAt ?? '') - Date.parse(stagedAt ?? '')).toBe(14 * DAY);
    expect(promotion).toMatchObject({
      state: 'staging',
      relaxed: [],
      soak: { min: 7 * DAY, startedAt: stagedAt, paused: false },
    });
    expect(promotion?.waitingFor).toEqual(['soak minimum', ...GATES.map((gate) => `gate ${gate}`)]);
    expect(await condition('1.2.0', 'devops')).toMatchObject({
      verdict: 'pending',
      who: expect.stringContaining('olga.devops') as string,
    });
    const { earliest, asOf } = await check('1.2.0');
    expect(Date.parse(earliest ?? '') - Date.parse(asOf)).toBeGreaterThan(6.9 * DAY);
  });

  it('a gate that is approved waits for nobody', async () => {
    const dana = await approve(world, `${MODEL}/1.2.0/1`, 'data-science');
    const { pending } = await readPending(reader());
    expect(pending.map(({ gate }) => gate)).toEqual(['devops', 'business', 'security']);
    expect((await versionOf('1.2.0')).promotion?.gates[0]).toMatchObject({ gate: 'data-science', state: 'approved', by: dana });
  });

  it('is eligible when everything is there, and says so after the change as well', async () => {
    const id = `${MODEL}/1.2.0/1`;
    for (const gate of GATES.slice(1)) await approve(world, id, gate);
    expect((await check('1.2.0')).conditions.filter(({ verdict }) => verdict === 'pending').map(({ id: name }) => name)).toEqual([
      'soak',
    ]);
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    expect(await check('1.2.0')).toMatchObject({ eligible: true, stage: 'staging' });
    await drive(world, id);
    expect(await check('1.2.0')).toMatchObject({ eligible: true, stage: 'production' });
    const { models } = await readStatus(reader(), { version: '1.4.0' });
    expect(models).toMatchObject([{ model: MODEL, production: '1.2.0', versions: [{ version: '1.4.0' }] }]);
  });

  it('shows the replaced version archived, with its retention, and the ended attempt with its reason', async () => {
    const id = await request(world, '1.4.0', mlops);
    await drive(world, id);
    await approveAll(world, id);
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    await drive(world, id);
    const [model] = (await readStatus(reader(), { model: MODEL })).models;
    expect(model?.production).toBe('1.4.0');
    expect(model?.versions.map(({ version, stage }) => [version, stage])).toEqual([
      ['1.2.0', 'archived'],
      ['1.4.0', 'production'],
    ]);
    const old = model?.versions[0];
    expect(old?.promotion).toMatchObject({ state: 'archived', endReason: 'replaced by 1.4.0', endedAt: old?.deprecatedAt });
    expect(old?.retentionUntil?.slice(0, 4)).toBe(String(Number(old?.deprecatedAt?.slice(0, 4)) + 1));
    expect(await check('1.2.0')).toMatchObject({ eligible: false, earliest: null });
  });

  it('whoever registered a version is not waited for', async () => {
    const [dana = '', ...others] = await members(world.db, 'ds-team');
    await world.register('1.5.0', dana);
    await drive(world, await request(world, '1.5.0', mlops));
    const waits = (await readPending(reader())).pending.find(({ gate }) => gate === 'data-science');
    expect(waits).toMatchObject({ version: '1.5.0', who: others });
  });

  it('a gate whose approver lost the key waits again, as void', async () => {
    await approve(world, `${MODEL}/1.5.0/1`, 'security');
    const [sara = ''] = await members(world.db, 'security');
    await world.db.owner.query('UPDATE person SET revoked_at = gatehouse_now() WHERE email = $1', [sara]);
    const waits = (await readPending(reader())).pending.find(({ gate }) => gate === 'security');
    expect(waits).toMatchObject({ version: '1.5.0', state: 'void' });
    expect(waits?.who).not.toContain(sara);
  });

  it('lists the newest events of a model, oldest first, and no others', async () => {
    const all = await readTrail(reader(), {});
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: await trailLength(reader()) }, (_, i) => i + 1));
    const last = await readTrail(reader(), { model: MODEL, limit: 3 });
    expect(last.map(({ seq }) => seq)).toEqual(
      all
        .filter(({ subject }) => subject.startsWith(MODEL))
        .slice(-3)
        .map(({ seq }) => seq),
    );
    expect(last.at(-1)).toMatchObject({ action: 'decision.approved', subject: `${MODEL}/1.5.0/1`, detail: { gate: 'security' } });
    const ofModel = await readTrail(reader(), { model: MODEL });
    expect(ofModel.some(({ subject }) => subject === `policy/${MODEL}`)).toBe(true);
    expect(await readTrail(reader(), { model: 'policy' })).toEqual([]);
  });
});
