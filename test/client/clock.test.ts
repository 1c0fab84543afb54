import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHECKS, findingText } from '../../domain/checks.js';
import { loadAttempt } from '../../platform/attempt.js';
import { databaseNow } from '../../platform/audit.js';
import { advanceClock, ClockRefused } from '../../platform/clock.js';
import { finding } from '../support/attempt.js';
import { copyDatabase } from '../support/database.js';
import { MODEL } from '../support/stack.js';
import { first, makeWorld, type World } from '../support/world.js';

const DAY = 24 * 60 * 60_000;

let world: World;
let id: string;
beforeAll(async () => {
  world = await makeWorld();
  const mlops = await first(world.db, 'mlops');
  await world.register('1.2.0', mlops);
  const asked = await world.act('request', mlops, {
    model: MODEL,
    version: '1.2.0',
    from_stage: 'registered',
    to_stage: 'staging',
  });
  id = String(asked.result['promotionId']);
  for (const check of CHECKS) {
    await world.db.worker.query(
      `INSERT INTO check_result (promotion_id, round, phase, check_name, verdict, finding, took_ms, at) VALUES ($1, 1, 'validation', $2, 'pass', $3, 0, gatehouse_now())`,
      [id, check, findingText(finding(check))],
    );
  }
  await world.activities.standing({ promotionId: id });
});
afterAll(() => world.close());

const windows = async () =>
  (
    await world.db.reader.query<{ from_at: string; to_at: string; verdict: string; earned_ms: number; simulated: boolean }>(
      'SELECT * FROM performance_window ORDER BY id',
    )
  ).rows;

const look = async (verdict: string, to: string, earnedMs: number) => {
  await world.db.worker.query(
    `INSERT INTO performance_window (promotion_id, from_at, to_at, verdict, reason, earned_ms) VALUES ($1, $2, $2, $3, 'seen', $4)`,
    [id, to, verdict, earnedMs],
  );
};

describe('advancing the clock', () => {
  let before: string;
  beforeEach(async () => {
    before = await databaseNow(world.db.reader);
  });

  it('moves what decides, and counts the time as healthy from the moment staging began', async () => {
    const attempt = await loadAttempt(world.db.reader, id);
    const moved = await advanceClock(world.db.ownerUrl, 3 * DAY);
    expect(moved).toMatchObject({ offsetMs: 3 * DAY, windows: 1, open: [id] });
    expect(Date.parse(moved.now) - Date.parse(before)).toBeGreaterThanOrEqual(3 * DAY);
    expect(Date.parse(moved.now) - Date.parse(before)).toBeLessThan(3 * DAY + 60_000);
    const stagedAt = attempt?.stagedAt ?? 0;
    const earned_ms = Date.parse(moved.now) - stagedAt;
    expect(await windows()).toMatchObject([
      { from_at: new Date(stagedAt).toISOString(), to_at: moved.now, verdict: 'healthy', earned_ms, simulated: true },
    ]);
  });

  it('leaves the gap unknown when nobody has looked for too long', async () => {
    const [earlier] = await windows();
    const old = new Date(Date.parse(before) - 30 * 60_000).toISOString();
    await look('healthy', old, earlier?.earned_ms ?? 0);
    const { now } = await advanceClock(world.db.ownerUrl, DAY);
    const latest = (await windows()).at(-1);
    expect(Date.parse(latest?.from_at ?? '')).toBeGreaterThanOrEqual(Date.parse(before));
    expect(latest).toMatchObject({ to_at: now, simulated: true });
    expect(latest?.earned_ms).toBe((earlier?.earned_ms ?? 0) + Date.parse(now) - Date.parse(latest?.from_at ?? ''));
  });

  it('is on the audit trail, each time', async () => {
    const { rows } = await world.db.reader.query<{ body: string }>(
      `SELECT body FROM audit_event WHERE action = 'clock.advanced' ORDER BY seq`,
    );
    expect(rows.map(({ body }) => (JSON.parse(body) as { detail: unknown }).detail)).toEqual([
      { by_ms: 3 * DAY, offset_ms: 3 * DAY, windows: 1 },
      { by_ms: DAY, offset_ms: 4 * DAY, windows: 1 },
    ]);
  });

  it('covers up no critical issue', async () => {
    await look('critical', before, 0);
    expect(await advanceClock(world.db.ownerUrl, DAY)).toMatchObject({ windows: 0 });
    expect((await loadAttempt(world.db.reader, id))?.critical).toBe('seen');
  });

  it('is refused where the environment is production, and changes nothing there', async () => {
    const production = await copyDatabase();
    await production.owner.query(`UPDATE installation SET environment = 'production'`);
    await expect(advanceClock(production.ownerUrl, DAY)).rejects.toBeInstanceOf(ClockRefused);
    const { rows } = await production.reader.query<{ still: boolean }>(`SELECT clock_offset = '0' AS still FROM installation`);
    expect(rows).toEqual([{ still: true }]);
    await production.close();
  });

  it("is refused with the worker's login", async () => {
    await expect(advanceClock(world.db.workerUrl, DAY)).rejects.toMatchObject({ code: '42501' });
  });
});
