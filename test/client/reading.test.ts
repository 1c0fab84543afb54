import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advanceClock } from '../../platform/clock.js';
import type { Check } from '../../platform/read/check.js';
import { readHistory, type History } from '../../platform/read/history.js';
import type { Status } from '../../platform/read/status.js';
import { approve, approveAll, DAY, drive, request } from '../read/life.js';
import { read } from '../support/reading.js';
import { MODEL, type Ran } from '../support/stack.js';
import { first, makeWorld, members, type World } from '../support/world.js';

let world: World;
let mlops: string;
beforeAll(async () => {
  world = await makeWorld();
  mlops = await first(world.db, 'mlops');
}, 240_000);
afterAll(() => world.close());

const gatehouse = (...words: string[]): Promise<Ran> => read(world.db.readUrl, words);
const of = (version: string): string[] => ['--model-name', MODEL, '--version', version];
const history = () => readHistory(world.db.reader, MODEL);

async function intoStaging(version: string): Promise<string> {
  await world.register(version, mlops);
  const id = await request(world, version, mlops);
  await drive(world, id);
  return id;
}

async function intoProduction(version: string): Promise<string> {
  const id = await intoStaging(version);
  await approveAll(world, id);
  await advanceClock(world.db.ownerUrl, 7 * DAY);
  await drive(world, id);
  return id;
}

describe('the reading verbs, through one life', () => {
  it('say what to do next where there is nothing', async () => {
    expect(await gatehouse('status')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Next: gatehouse register') as string,
    });
    expect(await gatehouse('pending')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Next: gatehouse status') as string,
    });
    expect((await gatehouse('history', '--model-name', MODEL)).stderr).toMatch(
      /^2: model .* known: none yet; next: gatehouse register/,
    );
    await world.register('1.1.0', mlops);
    const none = await gatehouse('history', '--model-name', MODEL);
    expect(none).toMatchObject({ code: 0, stderr: '' });
    expect(none.stdout).toMatch(/nothing has been in production yet\. Next: gatehouse status/);
  });

  it('name the known models when one is not known', async () => {
    for (const verb of ['status', 'history']) {
      const ran = await gatehouse(verb, '--model-name', 'alzheimer', '--json');
      expect(ran.code).toBe(2);
      expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 2, allowed: `known: ${MODEL}` } });
      expect(ran.stderr).toMatch(/^2: model "alzheimer" is not registered; [^\n]*\n$/);
    }
    expect(await gatehouse('status', '--version', '9.9.9')).toMatchObject({ code: 2, stdout: '' });
    expect(await gatehouse('status', ...of('9.9.9'))).toMatchObject({ code: 2, stdout: '' });
  });

  it('show an attempt that its checks ended, with the reason', async () => {
    await drive(world, await request(world, '1.1.0', mlops));
    const status = await gatehouse('status', ...of('1.1.0'));
    expect(status.stdout).toMatch(/1\.1\.0 +rejected .*performance failed: accuracy 0\.77\d* is below 0\.85/);
    const check = await gatehouse('check', ...of('1.1.0'));
    expect(check.code).toBe(3);
    expect(check.stdout).toMatch(
      /^alzheimer_classifier 1\.1\.0 cannot go into production: its attempt ended rejected: performance failed/,
    );
    expect(check.stdout).toMatch(/performance +not met +accuracy 0\.77\d* is below 0\.85\d* +accuracy >= 0\.85/);
    expect(await history()).toMatchObject({
      intervals: [],
      attempts: [{ version: '1.1.0', state: 'rejected', requestedBy: mlops }],
    });
  });

  it('answer why not yet, who can, and when at the earliest', async () => {
    const id = await intoStaging('1.2.0');
    await approve(world, id, 'data-science');
    await approve(world, id, 'devops');
    const ran = await gatehouse('check', ...of('1.2.0'));
    expect(ran.code).toBe(3);
    expect(ran.stdout).toMatch(
      /^alzheimer_classifier 1\.2\.0 can go into production at the earliest \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (7 days|6 d 23 h), if gates business and security approve and staging stays healthy\.\n/,
    );
    expect(ran.stdout).toMatch(/soak +not met +\d+ seconds? earned +>= 7 days healthy +time in staging/);
    const [sara = ''] = await members(world.db, 'security');
    expect(ran.stdout).toMatch(new RegExp(`security +not met +open +1 approval +group security: ${sara}`));
    expect(ran.stdout).not.toContain('\u001b');
    const document = JSON.parse((await gatehouse('check', ...of('1.2.0'), '--json')).stdout) as Check;
    expect(document.conditions.find(({ kind }) => kind === 'soak')).toMatchObject({ verdict: 'pending', limit: '>= 7d healthy' });
    expect(Date.parse(document.attemptEndsAt ?? '') - Date.parse(document.asOf)).toBeGreaterThan(13.9 * DAY);
    await approve(world, id, 'business');
    await approve(world, id, 'security');
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    expect(await gatehouse('check', ...of('1.2.0'))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/can go into production now/) as string,
    });
    await drive(world, id);
  });

  it('tell the stretches of production, and what was asked and approved for each', async () => {
    const id = await intoProduction('1.4.0');
    const { intervals, attempts } = await history();
    expect(attempts).toHaveLength(1);
    expect(intervals).toMatchObject([
      { version: '1.2.0', kind: 'promotion', ended: { how: 'replaced', by: '1.4.0' }, promotionId: `${MODEL}/1.2.0/1` },
      { version: '1.4.0', kind: 'promotion', ended: null, to: null, requestedBy: mlops, promotionId: id },
    ]);
    expect(intervals[0]?.to).toBe(intervals[1]?.from);
    expect(new Set(intervals[1]?.approvals.map(({ gate }) => gate))).toEqual(
      new Set(['data-science', 'devops', 'business', 'security']),
    );
    expect(intervals[1]?.approvals.find(({ gate }) => gate === 'devops')?.by).toBe(await first(world.db, 'devops'));
    const ran = await gatehouse('history', '--model-name', MODEL);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/1\.2\.0 .* replaced by 1\.4\.0 .*\n +1\.4\.0 .* serving/);
    const document = JSON.parse((await gatehouse('history', '--model-name', MODEL, '--json')).stdout) as History;
    expect(document).toMatchObject({
      model: MODEL,
      intervals: [{ version: '1.2.0' }, { version: '1.4.0' }],
      attempts: [{ version: '1.1.0' }],
    });
  });

  it('show a follow-up that failed, and nothing of it that a terminal would obey', async () => {
    const detail = JSON.stringify({ why: '\u001b[31mno answer\u202e' });
    await world.db.owner.query(
      `INSERT INTO follow_up (change_key, step, outcome, detail, at)
       SELECT key, 'service-health', 'failed', $1, gatehouse_now() FROM production_change WHERE to_version = '1.4.0'`,
      [detail],
    );
    const { stdout } = await gatehouse('status', ...of('1.4.0'));
    expect(stdout).toMatch(/1\.4\.0 +production .*follow-up service-health failed/);
    expect(stdout).toContain('FAILED   follow-up service-health: why \\u001b[31mno answer\\u202e');
    const { stdout: json } = await gatehouse('status', ...of('1.4.0'), '--json');
    expect(json).not.toMatch(/\u202e/);
    const followUps = (JSON.parse(json) as Status).models[0]?.versions[0]?.followUps;
    expect(followUps?.find(({ step }) => step === 'service-health')).toMatchObject({
      outcome: 'failed',
      detail: JSON.parse(detail) as object,
    });
  });

  it('tell of a rollback and a retirement as well, which no promotion made', async () => {
    const reason = 'it misses too many patients';
    const devops = await first(world.db, 'devops');
    const rollback = { model: MODEL, from_version: '1.4.0', to_version: '1.2.0', reason };
    expect(await world.act('rollback', devops, rollback)).toMatchObject({ accepted: true });
    expect((await gatehouse('status', '--model-name', MODEL)).stdout).toMatch(
      /1\.4\.0 +archived .*quarantined; rolled back to 1\.2\.0/,
    );
    expect(await world.act('retire', mlops, { model: MODEL, version: '1.2.0', reason })).toMatchObject({ accepted: true });
    const { intervals } = await history();
    expect(intervals.slice(1)).toMatchObject([
      { version: '1.4.0', kind: 'promotion', ended: { how: 'rolled back', by: '1.2.0', person: devops, reason } },
      {
        version: '1.2.0',
        kind: 'rollback',
        promotionId: null,
        requestedBy: devops,
        approvals: [],
        ended: { how: 'retired', by: null, person: mlops, reason },
      },
    ]);
    expect(intervals[1]?.to).toBe(intervals[2]?.from);
    const { stdout } = await gatehouse('history', '--model-name', MODEL);
    expect(stdout).toContain(`rolled back to 1.2.0 by ${devops}: ${reason}`);
    expect(stdout).toContain(`retired by ${mlops}: ${reason}`);
    expect(stdout).toContain(`${devops} (rollback)`);
  });
});
