import type { IncidentCondition, IncidentSeverity } from '../../domain/incidents.js';
import type { Condition, ConditionSeverity } from '../../domain/live-condition.js';
import type { Health } from '../../domain/soak.js';
import { judgeSilence } from '../../domain/watch-silence.js';
import type { Db } from '../pool.js';
import { versionsInService, type WindowFigures } from './live.js';

/** What the watch of a version in production saw last; null in it is what no window says. */
export interface WatchStatus {
  readonly version: string;
  /** How often a window is due; milliseconds. */
  readonly every: number;
  /** When its newest window was recorded, ISO, by the clock that `clock advance` does not move. */
  readonly seenAt: string | null;
  /** For how long nothing was recorded of it, by the same clock; since it came into production where nothing was yet. Milliseconds. */
  readonly unseen: number;
  /** Whether nobody watches it. */
  readonly silent: boolean;
  readonly health: Health | null;
  /** Of the newest window alone; what is open is an incident. */
  readonly severity: ConditionSeverity | null;
  /** What is wrong or not known of the newest window, in words; empty where nothing is. */
  readonly reason: string | null;
  readonly source: string;
  /** The newest window's, as the performance history has them (`error_rate`, `p95_ms`, `accuracy`, `labels`, …). */
  readonly figures: Readonly<Record<string, string>>;
  readonly conditions: readonly Condition[];
}

/** An incident that has not closed. */
export interface IncidentStatus {
  readonly id: string;
  readonly version: string;
  readonly condition: IncidentCondition;
  /** The gravest that it has had. */
  readonly severity: IncidentSeverity;
  readonly since: string;
  readonly what: string;
}

/** The watch of a version as the record has it; for how long it was not seen moves with the moment it is looked at. */
export type WatchReading = Omit<WatchStatus, 'silent'>;

interface WindowRow {
  readonly seen_at: string;
  readonly verdict: Health;
  readonly severity: ConditionSeverity;
  readonly reason: string;
  readonly figures: string;
}

/** The watches of the versions in production, of one model or of all, by model. */
export async function readWatches(db: Db, model: string | null): Promise<Map<string, WatchReading>> {
  const watches = new Map<string, WatchReading>();
  for (const { changeKey, model: of, version, policy, silentMs } of await versionsInService(db, { model })) {
    const { rows } = await db.query<WindowRow>(
      `SELECT seen_at, verdict, severity, reason, figures FROM performance_window WHERE change_key = $1 ORDER BY id DESC LIMIT 1`,
      [changeKey],
    );
    const newest = rows[0];
    const seen = newest && (JSON.parse(newest.figures) as WindowFigures);
    watches.set(of, {
      version,
      every: policy.watch.every,
      seenAt: newest?.seen_at ?? null,
      unseen: silentMs,
      health: newest?.verdict ?? null,
      severity: newest?.severity ?? null,
      reason: newest?.reason ?? null,
      source: seen?.source ?? policy.watch.source,
      figures: seen?.figures ?? {},
      conditions: seen?.conditions ?? [],
    });
  }
  return watches;
}

/** A watch as it is so many milliseconds after it was read, with nothing new on the record. */
export function watchAfter(read: WatchReading, ms: number): WatchStatus {
  const unseen = read.unseen + ms;
  const silent = judgeSilence({ silentMs: unseen, wasSeen: read.seenAt !== null, everyMs: read.every }) === 'silent';
  return { ...read, unseen, silent };
}

/** The incidents that are open, of one model or of all, by model and in the order in which they opened. */
export async function openIncidents(db: Db, model: string | null): Promise<Map<string, IncidentStatus[]>> {
  const { rows } = await db.query<IncidentStatus & { model: string }>(
    `SELECT m.name AS model, i.id, min(i.version) AS version, min(i.condition) AS condition,
            (array_agg(i.severity ORDER BY i.seq DESC))[1] AS severity, min(i.at) AS since,
            (array_agg(i.what ORDER BY i.seq DESC))[1] AS what
       FROM incident i JOIN model_registry m ON m.id = i.model_id
      WHERE $1::text IS NULL OR m.name = $1
      GROUP BY m.name, i.id HAVING bool_and(i.change <> 'closed') ORDER BY min(i.seq)`,
    [model],
  );
  const open = new Map<string, IncidentStatus[]>();
  for (const { model: of, ...incident } of rows) open.set(of, [...(open.get(of) ?? []), incident]);
  return open;
}
