import type { Attempt } from '../domain/attempt.js';
import type { Pause } from '../domain/pause.js';
import type { Health, Soak } from '../domain/soak.js';
import type { Db } from './pool.js';

interface WindowRow {
  from_at: string;
  to_at: string;
  verdict: Health;
  reason: string;
  earned_ms: number;
}

/** What is said of monitoring before the first look at staging. */
const NOT_LOOKED_AT = 'nobody has looked yet';

/** The soak of an attempt that entered staging at `stagedAt`, the critical issue that its last look found, if it was after `since`, and what its looks found of its monitoring. */
export async function soakOf(
  db: Db,
  promotionId: string,
  { stagedAt, since }: { readonly stagedAt: string | null; readonly since: number },
): Promise<Pick<Attempt, 'soak' | 'critical' | 'monitoring'>> {
  if (stagedAt === null) return { soak: null, critical: null, monitoring: NOT_LOOKED_AT };
  const { rows } = await db.query<WindowRow>(
    'SELECT from_at, to_at, verdict, reason, earned_ms FROM performance_window WHERE promotion_id = $1 ORDER BY id DESC LIMIT 1',
    [promotionId],
  );
  const looks = await db.query<{ monitoring: string }>(
    'SELECT monitoring FROM performance_window WHERE promotion_id = $1 AND monitoring IS NOT NULL ORDER BY id DESC LIMIT 1',
    [promotionId],
  );
  const latest = rows[0];
  const last: Soak['last'] = latest
    ? { from: Date.parse(latest.from_at), to: Date.parse(latest.to_at), verdict: latest.verdict, reason: latest.reason }
    : null;
  const acts = await soakActsOf(db, promotionId);
  const soak = { startedAt: Date.parse(stagedAt), earnedMs: latest?.earned_ms ?? 0, last, ...acts };
  const critical = last?.verdict === 'critical' && last.to > since ? last.reason : null;
  return { soak, critical, monitoring: looks.rows[0]?.monitoring ?? NOT_LOOKED_AT };
}

interface SoakActRow {
  kind: 'extend' | 'pause' | 'resume';
  by_ms: number | null;
  person: string;
  reason: string;
  at: string;
}

async function soakActsOf(db: Db, promotionId: string): Promise<Pick<Soak, 'pauses' | 'extendedMs'>> {
  const { rows } = await db.query<SoakActRow>(
    'SELECT kind, by_ms, person, reason, at FROM soak_act WHERE promotion_id = $1 ORDER BY seq',
    [promotionId],
  );
  return { pauses: pausesOf(rows), extendedMs: rows.reduce((sum, { by_ms: by }) => sum + (by ?? 0), 0) };
}

/** The pauses that acts on a soak make, in their order. */
export function pausesOf(acts: readonly Pick<SoakActRow, 'kind' | 'person' | 'reason' | 'at'>[]): Pause[] {
  const pauses: Pause[] = [];
  for (const { kind, person: by, reason, at } of acts) {
    if (kind === 'pause') pauses.push({ from: Date.parse(at), to: null, by, reason });
    const open = pauses.at(-1);
    if (kind === 'resume' && open?.to === null) pauses[pauses.length - 1] = { ...open, to: Date.parse(at) };
  }
  return pauses;
}
