import type { IncidentCondition, IncidentSeverity } from '../../domain/incidents.js';
import { judgeSilence } from '../../domain/watch-silence.js';
import type { Db } from '../pool.js';
import { newestWindows, versionsInService } from './live.js';

/** An incident that is open; the time as ISO text. */
export interface IncidentStatus {
  readonly id: string;
  readonly condition: IncidentCondition;
  /** The gravest it has had. */
  readonly severity: IncidentSeverity;
  readonly openedAt: string;
  readonly what: string;
}

/** How a version in production is watched, and what is wrong with it. */
export interface WatchStatus {
  /** Whether nothing was seen of it for so long that nobody seems to watch it (promises R31). */
  readonly silent: boolean;
  /** What its newest window came to; null where there is none yet. */
  readonly verdict: string | null;
  readonly incidents: readonly IncidentStatus[];
}

/** The watches of all versions in production, by model. */
export async function readWatches(db: Db): Promise<Map<string, WatchStatus>> {
  const watches = new Map<string, WatchStatus>();
  for (const { model, changeKey, silentMs, lastSeverity, policy } of await versionsInService(db)) {
    const silent = judgeSilence({ silentMs, wasSeen: lastSeverity !== null, everyMs: policy.watch.every }) === 'silent';
    const [newest] = await newestWindows(db, changeKey, 1);
    watches.set(model, { silent, verdict: newest?.verdict ?? null, incidents: await openIncidents(db, changeKey) });
  }
  return watches;
}

async function openIncidents(db: Db, changeKey: string): Promise<IncidentStatus[]> {
  const { rows } = await db.query<IncidentStatus>(
    `SELECT id, min(condition) AS condition, (array_agg(severity ORDER BY seq DESC))[1] AS severity, min(at) AS "openedAt",
            (array_agg(what ORDER BY seq DESC))[1] AS what
       FROM incident WHERE change_key = $1 GROUP BY id HAVING bool_and(change <> 'closed') ORDER BY min(seq)`,
    [changeKey],
  );
  return rows;
}
