import type { Attempt } from '../domain/attempt.js';
import { OWNER } from '../domain/audit.js';
import type { Refusal } from '../domain/refusal.js';
import { earnedAfter, stretchOf, type HealthWindow } from '../domain/soak.js';
import { loadAttempt } from './attempt.js';
import { appendAudit, databaseNow } from './audit.js';
import { inTransaction, openPool, type Tx } from './pool.js';

/** The clock stays where it is; the refusal says why. */
export class ClockRefused extends Error {
  override readonly name = 'ClockRefused';

  constructor(readonly refusal: Refusal) {
    super(refusal.what);
  }
}

/** What moving the clock came to. */
export interface ClockAdvance {
  /** The time that decides from now on, ISO. */
  readonly now: string;
  readonly offsetMs: number;
  /** How many soaking promotions got a window for the time passed over. */
  readonly windows: number;
  /** Every open promotion; each run has to hear that time has passed. */
  readonly open: readonly string[];
}

/**
 * Moves the installation's clock on by `byMs` milliseconds, with the owner's login, in one audited transaction. The time
 * passed over counts as healthy for every version in staging, by a window marked as simulated.
 * Throws a `ClockRefused` where the environment is production.
 */
export async function advanceClock(ownerUrl: string, byMs: number): Promise<ClockAdvance> {
  const pool = openPool(ownerUrl, 'gatehouse clock', { max: 1 });
  try {
    return await inTransaction(pool, (tx) => advance(tx, byMs));
  } finally {
    await pool.end();
  }
}

async function advance(tx: Tx, byMs: number): Promise<ClockAdvance> {
  // Every model, in one order: no stage changes and no window is written while the time jumps.
  const { rows: models } = await tx.query<{ name: string }>('SELECT name FROM model_registry ORDER BY name');
  for (const { name } of models) await tx.query('SELECT lock_model($1)', [name]);
  const installation = await tx.query<{ id: string; environment: string }>('SELECT id, environment FROM installation FOR UPDATE');
  if (installation.rows[0]?.environment === 'production') {
    throw new ClockRefused({ kind: 'rule', what: 'the clock stands still where the environment is production', next: 'wait' });
  }
  const { rows: open } = await tx.query<{ id: string; state: string }>(
    `SELECT id, state FROM promotion WHERE state IN ('validating', 'staging', 'production') ORDER BY id`,
  );
  const soaking: Attempt[] = [];
  for (const { id, state } of open) {
    const attempt = state === 'staging' ? await loadAttempt(tx, id) : undefined;
    if (attempt) soaking.push(attempt);
  }
  const before = Date.parse(await databaseNow(tx));
  const moved = await tx.query<{ offset_ms: number }>(
    `UPDATE installation SET clock_offset = clock_offset + make_interval(secs => $1::float8 / 1000)
     RETURNING (extract(epoch FROM clock_offset) * 1000)::bigint AS offset_ms`,
    [byMs],
  );
  const now = await databaseNow(tx);
  const windows = soaking.flatMap((attempt) => passedOver(attempt, before, Date.parse(now)));
  for (const { promotionId, window, earnedMs } of windows) {
    await tx.query(
      `INSERT INTO performance_window (promotion_id, from_at, to_at, verdict, reason, earned_ms, simulated)
       VALUES ($1, $2, $3, $4, 'time passed over by clock advance', $5, true)`,
      [promotionId, new Date(window.from).toISOString(), now, window.verdict, earnedMs],
    );
  }
  const offsetMs = moved.rows[0]?.offset_ms ?? 0;
  const subject = `installation/${installation.rows[0]?.id ?? ''}`;
  const detail = { by_ms: byMs, offset_ms: offsetMs, windows: windows.length };
  await appendAudit(tx, { action: 'clock.advanced', actor: OWNER, subject, detail });
  return { now, offsetMs, windows: windows.length, open: open.map(({ id }) => id) };
}

/** The window for the time passed over; none where a critical issue was found, which no time passed over undoes. */
function passedOver({ promotionId, soak, critical, policy }: Attempt, before: number, now: number) {
  if (!soak || critical !== null) return [];
  const seenUntil = soak.last?.to ?? soak.startedAt;
  // A stretch that nobody looked at stays unknown; only what the last look can vouch for is joined to it.
  const isJoined = stretchOf(soak, before, policy).from === seenUntil;
  const window: HealthWindow = { from: isJoined ? seenUntil : before, to: now, verdict: 'healthy' };
  return [{ promotionId, window, earnedMs: earnedAfter(soak, window, policy) }];
}
