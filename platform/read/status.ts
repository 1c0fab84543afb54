import type pg from 'pg';
import type { Attempt } from '../../domain/attempt.js';
import type { JsonValue } from '../../domain/canonical.js';
import { CHECKS, passes } from '../../domain/checks.js';
import type { Freeze } from '../../domain/freeze.js';
import { promotionWorkflowId } from '../../domain/ids.js';
import type { GateView, Stage } from '../../domain/progress.js';
import { progressOf } from '../../domain/view.js';
import { loadAttempt } from '../attempt.js';
import { databaseNow } from '../audit.js';
import { openFreezes } from '../freezes.js';
import { allPeople, type Person } from '../people.js';
import type { Db } from '../pool.js';
import { couldApprove } from './deciders.js';
import { reviewsOf, type Review } from './reviews.js';
import { inSnapshot } from './snapshot.js';
import { readVersions, type VersionFilter, type VersionRow } from './versions.js';
import {
  openIncidents,
  readWatches,
  watchAfter,
  type IncidentStatus,
  type WatchReading,
  type WatchStatus,
} from './watch-status.js';

/** The soak of an attempt; durations in milliseconds, times as ISO text. */
export interface SoakStatus {
  readonly startedAt: string;
  readonly earned: number;
  readonly min: number;
  readonly minEndsAt: string;
  readonly maxEndsAt: string;
  readonly paused: boolean;
}

/** One gate as `status` shows it; `who` are the people whose approval would count now, where it waits. */
export interface GateStatus extends GateView {
  readonly who: readonly string[];
}

/** What became of one step after a production change. */
export interface FollowUp {
  readonly step: string;
  readonly outcome: 'done' | 'failed' | 'skipped';
  readonly detail: JsonValue;
  readonly at: string;
}

/** How far the checks of an attempt's round are. */
export interface ChecksStatus {
  readonly all: number;
  /** Those without a verdict. */
  readonly open: readonly string[];
  /** Those whose verdict is against the version. */
  readonly against: readonly string[];
}

/** One attempt as `status` shows it. */
export interface AttemptStatus {
  readonly id: string;
  readonly workflowId: string;
  readonly state: Stage;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly endedAt: string | null;
  /** The numbers in which its policy is looser than the guidelines; empty when in none. */
  readonly relaxed: readonly string[];
  readonly checks: ChecksStatus;
  readonly soak: SoakStatus | null;
  readonly gates: readonly GateStatus[];
  /** Why its drift monitoring is not configured, as the last look at staging found it; empty when it is. */
  readonly monitoring: string;
  readonly waitingFor: readonly string[];
  /** Which waits people have signed to skip, in words. */
  readonly breakGlass: readonly string[];
  readonly endReason: string | null;
}

/** One version as `status` shows it; `promotion` is its newest attempt. */
export interface VersionStatus extends Omit<VersionRow, 'model' | 'promotionId'> {
  readonly promotion: AttemptStatus | null;
  /** What followed the last change that put it into production or retired it, in order of time. */
  readonly followUps: readonly FollowUp[];
  /** The steps after that change which are still to be taken. */
  readonly followUpsOpen: readonly string[];
}

/** A freeze as `status` shows it; `model` is null for one of all models. */
export interface FreezeStatus extends Omit<Freeze, 'since'> {
  readonly since: string;
}

/** What `status` answers: every model meant, at one moment. */
export interface Status {
  /** Database time. */
  readonly asOf: string;
  readonly models: readonly {
    readonly model: string;
    readonly production: string | null;
    /** What the watch of the version in production saw last; null where none is there. */
    readonly watch: WatchStatus | null;
    /** The incidents that are open. */
    readonly incidents: readonly IncidentStatus[];
    /** What holds promotions of it back now; times as ISO text. */
    readonly frozen: readonly FreezeStatus[];
    /** The reviews that are owed of its promotions. */
    readonly reviews: readonly Review[];
    readonly versions: readonly VersionStatus[];
  }[];
}

/** What the record says of the versions meant; only how far a soak is depends on the moment it is looked at. */
export interface Reading {
  /** Database time. */
  readonly asOf: string;
  readonly serving: ReadonlyMap<string, string>;
  /** By model, as are the incidents. */
  readonly watches: ReadonlyMap<string, WatchReading>;
  readonly incidents: ReadonlyMap<string, readonly IncidentStatus[]>;
  readonly people: readonly Person[];
  readonly freezes: readonly Freeze[];
  readonly reviews: readonly Review[];
  readonly versions: readonly (VersionRow & {
    readonly attempt: AttemptReading | null;
    readonly followUps: readonly FollowUp[];
    readonly followUpsOpen: readonly string[];
  })[];
}

interface AttemptReading extends Pick<AttemptStatus, 'requestedAt' | 'endedAt'> {
  readonly attempt: Attempt;
}

/** The stages, soaks and gates of the versions meant, all read at one moment. */
export async function readStatus(pool: pg.Pool, filter: VersionFilter): Promise<Status> {
  const reading = await takeReading(pool, filter);
  return statusAt(reading, reading.asOf);
}

/** Reads everything that `status` shows of the versions meant, at one moment. */
export async function takeReading(pool: pg.Pool, filter: VersionFilter): Promise<Reading> {
  return await inSnapshot(pool, async (db) => {
    const asOf = await databaseNow(db);
    const versions: Reading['versions'][number][] = [];
    for (const row of await readVersions(db, filter)) {
      const attempt = row.promotionId === null ? null : await readAttempt(db, row.promotionId);
      versions.push({ ...row, attempt, ...(await readFollowUps(db, row)) });
    }
    return {
      asOf,
      serving: await readProduction(db),
      watches: await readWatches(db, filter.model ?? null),
      incidents: await openIncidents(db, filter.model ?? null),
      people: await allPeople(db),
      freezes: await openFreezes(db, null),
      reviews: (await reviewsOf(db, null)).filter(({ closedAt }) => closedAt === null),
      versions,
    };
  });
}

/** The status that a reading makes at a moment at which the record says the same. */
export function statusAt(reading: Reading, asOf: string): Status {
  const byModel = new Map<string, VersionStatus[]>();
  for (const { model, promotionId: _, attempt, ...row } of reading.versions) {
    const promotion = attempt && attemptStatus(attempt, reading.people, asOf);
    byModel.set(model, [...(byModel.get(model) ?? []), { ...row, promotion }]);
  }
  const watchOf = (model: string): WatchStatus | null => {
    const read = reading.watches.get(model);
    return read ? watchAfter(read, Date.parse(asOf) - Date.parse(reading.asOf)) : null;
  };
  const models = [...byModel].map(([model, versions]) => ({
    model,
    production: reading.serving.get(model) ?? null,
    watch: watchOf(model),
    incidents: reading.incidents.get(model) ?? [],
    frozen: reading.freezes
      .filter((freeze) => freeze.model === null || freeze.model === model)
      .map(({ since, ...freeze }) => ({ ...freeze, since: new Date(since).toISOString() })),
    reviews: reading.reviews.filter(({ subject }) => subject.startsWith(`${model}/`)),
    versions,
  }));
  return { asOf, models };
}

async function readProduction(db: Db): Promise<Map<string, string>> {
  const { rows } = await db.query<{ name: string; version: string }>(
    `SELECT m.name, v.version FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id WHERE v.status = 'production'`,
  );
  return new Map(rows.map(({ name, version }) => [name, version]));
}

async function readAttempt(db: Db, promotionId: string): Promise<AttemptReading | null> {
  const attempt = await loadAttempt(db, promotionId);
  const times = await db.query<Pick<AttemptStatus, 'requestedAt' | 'endedAt'>>(
    'SELECT requested_at AS "requestedAt", ended_at AS "endedAt" FROM promotion WHERE id = $1',
    [promotionId],
  );
  return attempt && times.rows[0] ? { attempt, ...times.rows[0] } : null;
}

const LAST_CHANGE = `
  SELECT c.key, c.follow_ups FROM production_change c JOIN model_registry m ON m.id = c.model_id
   WHERE m.name = $1 AND coalesce(c.to_version, c.from_version) = $2 ORDER BY c.seq DESC LIMIT 1`;

async function readFollowUps(
  db: Db,
  { model, version, stage }: VersionRow,
): Promise<Pick<VersionStatus, 'followUps' | 'followUpsOpen'>> {
  const change = (await db.query<{ key: string; follow_ups: string[] }>(LAST_CHANGE, [model, version])).rows[0];
  if (!change) return { followUps: [], followUpsOpen: [] };
  const { rows } = await db.query<Omit<FollowUp, 'detail'> & { detail: string }>(
    'SELECT step, outcome, detail, at FROM follow_up WHERE change_key = $1 ORDER BY at, step',
    [change.key],
  );
  // Of a version that has left production again nothing is open that anybody waits for.
  const open = stage === 'production' ? change.follow_ups.filter((step) => !rows.some((taken) => taken.step === step)) : [];
  return { followUps: rows.map((row) => ({ ...row, detail: jsonOr(row.detail) })), followUpsOpen: open };
}

function jsonOr(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

function attemptStatus({ attempt: then, ...rest }: AttemptReading, people: readonly Person[], asOf: string): AttemptStatus {
  const attempt = { ...then, now: Date.parse(asOf) };
  const {
    promotionId,
    state,
    requestedBy,
    relaxed,
    soak,
    gates,
    waitingFor,
    evidence,
    checksOpen,
    breakGlass = [],
  } = progressOf(attempt);
  const waits = ({ state: is }: GateView): boolean => state === 'staging' && (is === 'open' || is === 'void');
  return {
    id: promotionId,
    workflowId: promotionWorkflowId(promotionId),
    state,
    requestedBy,
    ...rest,
    relaxed,
    checks: {
      all: CHECKS.length,
      open: checksOpen,
      against: evidence.filter((finding) => !passes(finding)).map(({ check }) => check),
    },
    soak: soak && {
      startedAt: soak.startedAt,
      earned: soak.earnedMs,
      min: soak.minMs,
      minEndsAt: soak.minEndsAt,
      maxEndsAt: soak.maxEndsAt,
      paused: soak.paused,
    },
    gates: gates.map((gate) => ({ ...gate, who: waits(gate) ? couldApprove(attempt, gate.gate, people) : [] })),
    monitoring: attempt.monitoring,
    waitingFor,
    breakGlass,
    endReason: attempt.endReason,
  };
}
