import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActPayload, ActType } from '../../domain/acts.js';
import { advanceClock } from '../../platform/clock.js';
import { readTrail, type TrailEvent } from '../../platform/read/audit-trail.js';
import { fold, STEPS } from '../../platform/read/backing/fold.js';
import { nothingTold } from '../../platform/read/backing/told.js';
import { statusAt, type Status } from '../../platform/read/status.js';
import { readStatusAt, type StatusAt } from '../../platform/read/status-at.js';
import type { Past } from '../../platform/read/told-at.js';
import { read } from '../support/reading.js';
import { EXAMPLE, MODEL, root } from '../support/stack.js';
import { request } from '../support/staged.js';
import { first, makeWorld, type World } from '../support/world.js';
import { intrude } from './intruder.js';
import { approve, DAY, drive } from './life.js';
import { lookAfterEach, type Looks } from './looks.js';
import { liveWholly } from './whole-life.js';

const REASON = 'because it had to be done by hand';
const RANDOM_TIMES = 1_000;
/** Rows get their time right after their event, acts right before it. */
const BESIDE_MS = 60_000;

let world: World;
let looks: Looks;
let events: TrailEvent[];
beforeAll(async () => {
  world = await makeWorld();
  looks = lookAfterEach(world);
  await liveWholly(world, () => Promise.resolve());
  await liveOn();
  events = await readTrail(world.db.reader, {});
}, 400_000);
afterAll(() => world?.close());

/** Freezes, a soak that is stopped, moved and repinned under its approvals, a withdrawal, a rollback, a release, a retirement. */
async function liveOn(): Promise<void> {
  const mlops = await first(world.db, 'mlops');
  const act = async (type: ActType, fields: ActPayload, email = mlops): Promise<void> => {
    const answer = await world.act(type, email, fields);
    if (!answer.accepted) throw new Error(JSON.stringify(answer.refusal));
  };
  const policy = async (name: string): Promise<string> => {
    const { digest: file } = await world.deps.store.put(join(EXAMPLE, name));
    await act('policy', { model: MODEL, file }, await first(world.db, 'admin'));
    const { rows } = await world.db.reader.query<{ digest: string }>('SELECT digest FROM policy ORDER BY seq DESC LIMIT 1');
    return rows[0]?.digest ?? '';
  };
  const freeze = (model: string, is: 'on' | 'off') => act('freeze', { model, freeze: is, reason: REASON });
  await freeze('', 'on');
  await freeze(MODEL, 'on');
  await policy('policy.yaml');
  await world.register('1.5.0', mlops);
  const promotion = await request(world, '1.5.0');
  await drive(world, promotion);
  const on = { model: MODEL, version: '1.5.0', promotion, reason: REASON };
  await approve(world, promotion, 'business');
  await act('extend', { ...on, by_ms: DAY });
  await act('pause', on);
  await advanceClock(world.db.ownerUrl, DAY);
  await act('resume', on);
  await freeze('', 'off');
  await act('repin', { ...on, policy_digest: await policy('policy-relaxed.yaml') });
  await drive(world, promotion);
  const email = await approve(world, promotion, 'security');
  await act('revoke', { email, reason: REASON }, await first(world.db, 'admin'));
  await act('pause', on);
  await advanceClock(world.db.ownerUrl, DAY);
  await act('withdraw', on);
  await act('rollback', { model: MODEL, from_version: '1.4.0', to_version: '1.2.0', reason: REASON });
  await act('release', { model: MODEL, version: '1.4.0', reason: REASON });
  await freeze(MODEL, 'off');
  await act('retire', { model: MODEL, version: '1.2.0', reason: REASON });
}

async function at(past: Past): Promise<StatusAt> {
  const found = await readStatusAt(world.db.reader, {}, past);
  if ('refusal' in found) throw new Error(JSON.stringify(found.refusal));
  return found;
}

/** What is not known from the trail is null there and not compared; a time lies beside that of its event. */
function same(told: unknown, is: unknown, path: string): void {
  if (told === null && NOT_ON_THE_TRAIL.test(path)) return;
  if (/(\.at|At|Until|since)$/.test(path) && typeof told === 'string' && typeof is === 'string') {
    expect(Math.abs(Date.parse(told) - Date.parse(is)), path).toBeLessThanOrEqual(BESIDE_MS);
  } else if (typeof told !== 'object' || told === null || typeof is !== 'object' || is === null) {
    expect(told, path).toEqual(is);
  } else {
    expect(Object.keys(told).toSorted(), path).toEqual(Object.keys(is).toSorted());
    for (const [name, value] of Object.entries(told)) same(value, (is as Record<string, unknown>)[name], `${path}.${name}`);
  }
}

const NOT_ON_THE_TRAIL = /\.(checks|earned|minEndsAt|paused|who|waitingFor|followUps|followUpsOpen|monitoring|watch)$/;

function expectSame({ upTo, models }: StatusAt, is: Status): void {
  same(models, is.models, `up to event ${upTo.seq}: models`);
}

describe('status --at', () => {
  it('equals the record after every transaction of a whole life', async () => {
    expect(looks.size).toBeGreaterThan(60);
    for (const [seq, reading] of looks) {
      const then = await at({ event: seq });
      expect(then.upTo.seq).toBe(seq);
      expectSame(then, statusAt(reading, then.asOf));
    }
  });

  it('tells of freezes, quarantine, pauses, void and approved gates, and of nothing in production', () => {
    const all = [...looks.values()].map((reading) => statusAt(reading, reading.asOf)).flatMap(({ models }) => models);
    const versions = all.flatMap((each) => each.versions);
    const gates = versions.flatMap(({ promotion }) => promotion?.gates ?? []);
    expect(new Set(gates.map(({ state }) => state))).toEqual(new Set(['open', 'approved', 'rejected', 'void']));
    expect(new Set(versions.map(({ stage }) => stage))).toEqual(
      new Set(['registered', 'validating', 'staging', 'production', 'archived', 'rejected', 'expired', 'withdrawn']),
    );
    expect(versions.some(({ quarantine }) => quarantine !== null)).toBe(true);
    expect(versions.some(({ promotion }) => promotion?.soak?.paused)).toBe(true);
    expect(new Set(all.map(({ frozen }) => frozen.length))).toEqual(new Set([0, 1, 2]));
    expect(all.at(-1)?.production).toBeNull();
  });

  it(`equals the record at ${RANDOM_TIMES} random times`, async () => {
    let compared = 0;
    for (let i = 0; i < RANDOM_TIMES; i += 1) {
      const k = Math.floor(Math.random() * (events.length - 1));
      const [from, to] = [events[k], events[k + 1]].map((event) => Date.parse(event?.at ?? '')) as [number, number];
      const instant = from + Math.floor(Math.random() * (to - from));
      const then = await at({ instant });
      expect(events.findLast((event) => Date.parse(event.at) <= instant)?.seq).toBe(then.upTo.seq);
      // Between two events of one transaction, or where the clock was moved, nobody looked.
      const reading = looks.get(then.upTo.seq);
      if (!reading) continue;
      compared += 1;
      expectSame(then, statusAt(reading, then.asOf));
    }
    expect(compared).toBeGreaterThan(RANDOM_TIMES / 2);
  });

  it('has a place for every action of the audit trail, and does nothing for one it does not know', () => {
    const named = readFileSync(join(root, 'domain', 'audit.ts'), 'utf8').matchAll(/^ {2}\| '([a-z-]+\.[a-z-]+)'/gm);
    expect(new Set(Object.keys(STEPS))).toEqual(new Set([...named].map(([, action]) => action)));
    const [event] = events as [TrailEvent];
    for (const action of ['round.danced', 'toString', '__proto__']) {
      const told = nothingTold();
      expect(fold(told, { ...event, action })).toEqual([]);
      expect(told).toEqual(nothingTold());
    }
  });

  it('refuses a trail that does not hold that far, and needs no more of it', async () => {
    const intruder = await intrude(world);
    try {
      await intruder.client.query(`UPDATE audit_event SET body = replace(body, '"registered"', '"staging"') WHERE seq = 30`);
      await intruder.client.query(`UPDATE audit_event SET hash = sha256('x') WHERE seq = 30`);
      expect((await at({ event: 29 })).upTo.seq).toBe(29);
      expect(await readStatusAt(world.db.reader, {}, { event: 31 })).toMatchObject({
        refusal: { kind: 'rule', what: expect.stringContaining('broken at event 30') as string },
      });
    } finally {
      await intruder.after('SELECT 1');
      await intruder.client.end();
    }
  });
});

describe('what --at takes', () => {
  const ran = (given: string, ...more: string[]) => read(world.db.readUrl, ['status', '--at', given, ...more]);

  it('an event, a time with its zone as anybody writes it, and a date until its end', async () => {
    const staged = events.find(({ action, detail }) => action === 'stage.changed' && detail['to'] === 'staging') as TrailEvent;
    const byEvent = await ran(`#${staged.seq}`, '--json');
    const found = JSON.parse(byEvent.stdout) as StatusAt;
    expect(found).toMatchObject({ asOf: staged.at, upTo: { seq: staged.seq, hash: staged.hash } });
    expect(found.models[0]?.versions.find(({ version }) => version === '1.2.0')).toMatchObject({
      stage: 'staging',
      followUps: null,
      promotion: { checks: null, waitingFor: null, soak: { earned: null, minEndsAt: null } },
    });
    const inZone = new Date(Date.parse(staged.at) + 2 * 3_600_000).toISOString().replace('Z', '+02:00');
    expect((JSON.parse((await ran(inZone, '--json')).stdout) as StatusAt).upTo).toEqual(found.upTo);
    const text = (await ran(`#${staged.seq}`)).stdout;
    expect(text).toMatch(/1\.2\.0 staging, asked for by/);
    expect(text).toMatch(new RegExp(`as of .* UTC, from the audit trail up to event ${staged.seq}\n`));
    const day = staged.at.slice(0, 10);
    const onDay = JSON.parse((await ran(day, '--json')).stdout) as StatusAt;
    expect(onDay.upTo.seq).toBe(events.findLast(({ at: time }) => time.slice(0, 10) <= day)?.seq);
    expect((await ran(onDay.asOf.replace('T', ' ').replace('Z', ' UTC'), '--json')).stdout).toBe(`${JSON.stringify(onDay)}\n`);
  });

  it.each([
    ['2999-01-01', /^2: --at is in the future; given: "2999-01-01"/],
    ['2999-01-01T00:00:00Z', /^2: --at is in the future/],
    ['2001-01-01', /^2: --at is before the first event .*allowed: from .*event #1/],
    ['#99999', /^2: --at names an event that is not on the trail; given: #99999; allowed: #1 to #/],
    ['#0', /^2: --at; given: "#0"; allowed: a time with its zone/],
    ['2026-11-28T09:00:00', /^2: --at; .*allowed: a time with its zone/],
    ['2026-02-30', /^2: --at; given/],
    ['yesterday', /^2: --at; given/],
  ])('%s is refused in one line', async (given, line) => {
    const { code, stdout, stderr } = await ran(given);
    expect([code, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
    expect(stderr).toMatch(line);
  });

  it('names what was not registered yet, and knows no --watch', async () => {
    expect((await ran('#15', '--model-name', MODEL, '--version', '1.5.0')).stderr).toMatch(
      /^2: .*1\.5\.0 was not registered yet at/,
    );
    expect((await ran('#1')).stdout).toMatch(/^Nothing was registered yet\./);
    expect((await ran('#1', '--watch')).stderr).toMatch(/^2: --at and --watch/);
  });
});
