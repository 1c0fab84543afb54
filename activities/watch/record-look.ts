import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import {
  incidentChanges,
  openSeverity,
  recoveredConditions,
  sourceStanding,
  unreadable,
  type IncidentChange,
  type Standing,
} from '../../domain/incidents.js';
import type { ConditionSeverity } from '../../domain/live-condition.js';
import { inTransaction, type Tx } from '../../platform/pool.js';
import {
  incidentsOf,
  newestWindows,
  unreadableMs,
  versionsInService,
  type InService,
  type WindowFigures,
} from '../../platform/read/live.js';
import type { Deps } from '../registry/deps.js';
import { writeIncidents } from './incidents.js';
import type { LiveLook } from './look.js';

/** What a look came to on the record: what changed of the incidents, what is open now, and the notices to be sent out. */
export interface Recorded {
  readonly changes: readonly IncidentChange[];
  readonly severity: ConditionSeverity;
  readonly open: readonly string[];
  readonly notices: readonly string[];
  /** Whether a rollback may be due, or was and could not be made. */
  readonly mayBeDue: boolean;
}

/**
 * Records one look: its window, and what it changes of the incidents with their audit events and notices, in one transaction.
 * Undefined where the version has left production meanwhile.
 */
export async function recordLook({ pool }: Deps, { changeKey, model }: InService, look: LiveLook): Promise<Recorded | undefined> {
  return await inTransaction(pool, async (tx) => {
    await tx.query('SELECT lock_model($1)', [model]);
    const [watched] = await versionsInService(tx, { changeKey });
    if (!watched) return undefined;
    await writeWindow(tx, watched, look);
    const before = await incidentsOf(tx, changeKey);
    const windows = await newestWindows(tx, changeKey, watched.policy.incidents.recovery_windows);
    const recovered = recoveredConditions(
      windows.map(({ figures }) => figures.conditions),
      watched.policy,
    );
    const source = await sourceNow(tx, watched, look);
    if (source.severity === 'none' && windows.every(({ figures }) => unreadable(figures) === undefined)) recovered.add('source');
    const changes = incidentChanges(before, [...look.conditions.map(standingOf), source], recovered);
    const notices = await writeIncidents(tx, watched, changes);
    const after = await incidentsOf(tx, changeKey);
    const mayBeDue = look.severity === 'rollback' || after.open.some(({ condition }) => condition === 'no-rollback');
    return { changes, severity: openSeverity(after.open), open: after.open.map(({ id }) => id), notices, mayBeDue };
  });
}

function standingOf({ condition, severity, known, measured, baseline, why }: LiveLook['conditions'][number]): Standing {
  const told = [why || measured, baseline && `baseline ${baseline}`].filter(Boolean).join('; ');
  return { condition, severity, known, what: told };
}

async function sourceNow(tx: Tx, watched: InService, { figures }: LiveLook): Promise<Standing> {
  const why = unreadable(figures);
  if (why === undefined) return sourceStanding({ forMs: 0, why: '' }, watched.policy);
  return sourceStanding({ forMs: await unreadableMs(tx, watched), why: `${figures.source}: ${why}` }, watched.policy);
}

async function writeWindow(tx: Tx, { changeKey, now, policy, servesMs }: InService, look: LiveLook): Promise<void> {
  await tx.query(
    `INSERT INTO performance_window (change_key, from_at, to_at, verdict, severity, reason, figures, took_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      changeKey,
      new Date(now - Math.min(policy.watch.window, Math.max(0, servesMs))).toISOString(),
      new Date(now).toISOString(),
      look.health,
      look.severity,
      look.reason,
      figuresText(look.figures),
      look.tookMs,
    ],
  );
}

function figuresText(figures: WindowFigures): string {
  return canonicalJson(figures as unknown as JsonValue);
}
