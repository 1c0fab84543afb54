import { baselineOf } from '../../domain/baseline.js';
import { canonicalJson } from '../../domain/canonical.js';
import type { Finding } from '../../domain/checks.js';
import type { LabelledWindow } from '../../domain/concept-drift.js';
import type { IncidentCondition, Incidents, IncidentSeverity, OpenIncident } from '../../domain/incidents.js';
import type { Condition, ConditionSeverity } from '../../domain/live-condition.js';
import { unknown, type Baseline, type LiveReading } from '../../domain/live.js';
import type { Confusion } from '../../domain/metrics.js';
import { recordedPolicy } from '../../domain/policy-sections.js';
import type { Policy } from '../../domain/policy.js';
import { sha256 } from '../digest.js';
import type { Db } from '../pool.js';

/** A version in production, by the change that put it there. */
export interface InService {
  readonly changeKey: string;
  readonly changeSeq: number;
  readonly changeKind: string;
  /** Database time, epoch milliseconds. */
  readonly since: number;
  readonly model: string;
  readonly modelId: number;
  readonly version: string;
  /** How often this version has come into production, this time included. */
  readonly n: number;
  /** The policy that its newest attempt has pinned. */
  readonly policy: Policy;
  readonly policyDigest: string;
  /** Database time, epoch milliseconds. */
  readonly now: number;
  /** For how long nothing was recorded of it, by the clock that nobody moves; since the change where nothing was yet. Milliseconds. */
  readonly silentMs: number;
  /** For how long it has been there, by the same clock. Milliseconds. */
  readonly servesMs: number;
  /** What its newest window came to; null where there is none yet. */
  readonly lastSeverity: ConditionSeverity | null;
}

interface Row extends Omit<InService, 'since' | 'now' | 'policy'> {
  readonly since: string;
  readonly now: string;
  readonly effective: string;
}

/** What a window of a version in service keeps as canonical JSON. */
export interface WindowFigures {
  readonly source: string;
  readonly service: LiveReading['service'];
  readonly labels: LiveReading['labels'];
  /** Whether everything that the source should say could be read. */
  readonly readable: boolean;
  readonly conditions: readonly Condition[];
  /** The figures as text, as the performance history has them. */
  readonly figures: Readonly<Record<string, string>>;
}

/** A recorded window of a version in service; times in epoch milliseconds. */
export interface LiveWindow {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly severity: ConditionSeverity;
  readonly verdict: string;
  readonly reason: string;
  readonly figures: WindowFigures;
}

const IN_SERVICE = `
  SELECT c.key AS "changeKey", c.seq AS "changeSeq", c.kind AS "changeKind", c.at AS since, m.name AS model, m.id AS "modelId",
         v.version, pol.effective, pol.digest AS "policyDigest", gatehouse_now() AS now,
         (SELECT count(*) FROM production_change e WHERE e.model_id = m.id AND e.to_version = v.version) AS n,
         (extract(epoch FROM clock_timestamp() - coalesce(w.seen_at, c.made_at, c.at)) * 1000)::bigint AS "silentMs",
         (extract(epoch FROM clock_timestamp() - coalesce(c.made_at, c.at)) * 1000)::bigint AS "servesMs",
         w.severity AS "lastSeverity"
    FROM model_registry m
    JOIN model_version_detail v ON v.model_id = m.id AND v.status = 'production'
    JOIN LATERAL (SELECT * FROM production_change WHERE model_id = m.id ORDER BY seq DESC LIMIT 1) c ON c.to_version = v.version
    JOIN LATERAL (SELECT policy_seq FROM promotion WHERE model_id = m.id AND version = v.version ORDER BY attempt DESC LIMIT 1) p ON true
    JOIN policy pol ON pol.seq = p.policy_seq
    LEFT JOIN LATERAL (SELECT seen_at, severity FROM performance_window WHERE change_key = c.key ORDER BY id DESC LIMIT 1) w ON true
   WHERE ($1::text IS NULL OR c.key = $1) AND ($2::text IS NULL OR m.name = $2)
   ORDER BY m.name`;

/** Every version in production, or the one that a change put there, as long as it is there. */
export async function versionsInService(
  db: Db,
  { changeKey = null, model = null }: { readonly changeKey?: string | null; readonly model?: string | null } = {},
): Promise<InService[]> {
  const { rows } = await db.query<Row>(IN_SERVICE, [changeKey, model]);
  return rows.map(({ effective, since, now, ...row }) => {
    return { ...row, since: Date.parse(since), now: Date.parse(now), policy: recordedPolicy(effective) };
  });
}

/** The baseline that a version's last promotion recorded (rules §4). */
export async function baselineIn(db: Db, model: string, version: string): Promise<Baseline> {
  const { rows } = await db.query<{ record: string }>(
    `SELECT c.record FROM production_change c JOIN model_registry m ON m.id = c.model_id
      WHERE m.name = $1 AND c.to_version = $2 AND c.kind = 'promotion' ORDER BY c.seq DESC LIMIT 1`,
    [model, version],
  );
  const record = rows[0] ? (JSON.parse(rows[0].record) as { readonly metrics?: readonly Finding[] }) : {};
  return baselineOf(record.metrics ?? []);
}

interface WindowRow {
  readonly id: number;
  readonly from_at: string;
  readonly to_at: string;
  readonly severity: ConditionSeverity;
  readonly verdict: string;
  readonly reason: string;
  readonly figures: string;
}

/** The newest windows of what a change put into production, newest first. */
export async function newestWindows(db: Db, changeKey: string, limit: number): Promise<LiveWindow[]> {
  const { rows } = await db.query<WindowRow>(
    `SELECT id, from_at, to_at, severity, verdict, reason, figures FROM performance_window
      WHERE change_key = $1 ORDER BY id DESC LIMIT $2`,
    [changeKey, limit],
  );
  return rows.map(({ from_at: from, to_at: to, figures, ...row }) => {
    return { ...row, from: Date.parse(from), to: Date.parse(to), figures: figuresIn(figures) };
  });
}

/** What a window keeps; one that somebody else has written says nothing, and holds up nothing. */
function figuresIn(text: string): WindowFigures {
  const kept = JSON.parse(text) as Partial<WindowFigures>;
  const nothing = unknown('invalid sample', 'the record says nothing of it');
  const { service = nothing, labels = nothing, conditions, figures = {}, source = '', readable = false } = kept;
  return { source, service, labels, readable, conditions: Array.isArray(conditions) ? conditions : [], figures };
}

/** The newest windows with labels of what a change put into production that do not overlap, newest first: what a trend is taken of. */
export async function labelledWindows(db: Db, changeKey: string, most: number): Promise<LabelledWindow[]> {
  const { rows } = await db.query<{ from_at: string; to_at: string; labels: string }>(
    `WITH RECURSIVE apart AS (
       (SELECT id, from_at, to_at, figures FROM performance_window WHERE change_key = $1 ORDER BY id DESC LIMIT 1)
       UNION ALL
       SELECT before.* FROM apart CROSS JOIN LATERAL (
         SELECT w.id, w.from_at, w.to_at, w.figures FROM performance_window w
          WHERE w.change_key = $1 AND w.id < apart.id AND w.to_at <= apart.from_at ORDER BY w.id DESC LIMIT 1) before)
     SELECT from_at, to_at, figures::jsonb #>> '{labels,value}' AS labels FROM (SELECT * FROM apart LIMIT $2) AS newest
      WHERE figures::jsonb #>> '{labels,known}' = 'true' AND jsonb_typeof(figures::jsonb #> '{labels,value}') = 'object'`,
    [changeKey, most],
  );
  return rows.map(({ from_at: from, to_at: to, labels }) => {
    const { truePositives, trueNegatives, falsePositives, falseNegatives } = JSON.parse(labels) as Confusion;
    const right = truePositives + trueNegatives;
    return { from: Date.parse(from), to: Date.parse(to), right, labels: right + falsePositives + falseNegatives };
  });
}

/** What of a window an automatic rollback's event names, as it is recorded: its time and what was found of it. */
export interface WindowText {
  readonly from_at: string;
  readonly to_at: string;
  readonly verdict: string;
  readonly severity: string;
  readonly reason: string;
  readonly figures: string;
}

/** The SHA-256 by which the event of an automatic rollback names a window. */
export function windowDigest({ from_at, to_at, verdict, severity, reason, figures }: WindowText): string {
  return sha256(canonicalJson({ from_at, to_at, verdict, severity, reason, figures }));
}

/** For how long the figures of a version could not be read by now, which counts from the change where they never could. Milliseconds. */
export async function unreadableMs(db: Db, { changeKey, since, now }: InService): Promise<number> {
  const { rows } = await db.query<{ at: string }>(
    `SELECT to_at AS at FROM performance_window WHERE change_key = $1 AND figures::jsonb ->> 'readable' = 'true'
      ORDER BY id DESC LIMIT 1`,
    [changeKey],
  );
  return now - (rows[0] ? Date.parse(rows[0].at) : since);
}

interface IncidentRow {
  readonly id: string;
  readonly condition: IncidentCondition;
  readonly severity: IncidentSeverity;
  readonly opened_at: string;
  readonly closed: boolean;
}

/** The incidents of what a change put into production. */
export async function incidentsOf(db: Db, changeKey: string): Promise<Incidents> {
  const { rows } = await db.query<IncidentRow>(
    `SELECT id, min(condition) AS condition, (array_agg(severity ORDER BY seq DESC))[1] AS severity, min(at) AS opened_at,
            bool_or(change = 'closed') AS closed
       FROM incident WHERE change_key = $1 GROUP BY id ORDER BY min(seq)`,
    [changeKey],
  );
  const open: OpenIncident[] = rows
    .filter(({ closed }) => !closed)
    .map(({ id, condition, severity, opened_at: at }) => ({ id, condition, severity, openedAt: Date.parse(at) }));
  const opened: Partial<Record<IncidentCondition, number>> = {};
  for (const { condition } of rows) opened[condition] = (opened[condition] ?? 0) + 1;
  return { changeKey, open, opened };
}
