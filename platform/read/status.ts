import type pg from 'pg';
import { promotionWorkflowId } from '../../domain/ids.js';
import type { GateView, Stage } from '../../domain/progress.js';
import { progressOf } from '../../domain/view.js';
import { loadAttempt } from '../attempt.js';
import { databaseNow } from '../audit.js';
import type { Db } from '../pool.js';
import { inSnapshot } from './snapshot.js';
import { readVersions, type VersionFilter, type VersionRow } from './versions.js';

/** The soak of an attempt; durations in milliseconds, times as ISO text. */
export interface SoakStatus {
  readonly startedAt: string;
  readonly earned: number;
  readonly min: number;
  readonly minEndsAt: string;
  readonly maxEndsAt: string;
  readonly paused: boolean;
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
  readonly soak: SoakStatus | null;
  readonly gates: readonly GateView[];
  readonly waitingFor: readonly string[];
  readonly endReason: string | null;
}

/** One version as `status` shows it; `promotion` is its newest attempt. */
export interface VersionStatus extends Omit<VersionRow, 'model' | 'promotionId'> {
  readonly promotion: AttemptStatus | null;
}

/** What `status` answers: every model meant, at one moment. */
export interface Status {
  /** Database time. */
  readonly asOf: string;
  readonly models: readonly {
    readonly model: string;
    readonly production: string | null;
    readonly versions: readonly VersionStatus[];
  }[];
}

/** The stages, soaks and gates of the versions meant, all read at one moment. */
export async function readStatus(pool: pg.Pool, filter: VersionFilter): Promise<Status> {
  return await inSnapshot(pool, async (db) => {
    const asOf = await databaseNow(db);
    const serving = await readProduction(db);
    const byModel = new Map<string, VersionStatus[]>();
    for (const { model, promotionId, ...row } of await readVersions(db, filter)) {
      const promotion = promotionId === null ? null : await attemptStatus(db, promotionId);
      byModel.set(model, [...(byModel.get(model) ?? []), { ...row, promotion }]);
    }
    const models = [...byModel].map(([model, versions]) => ({ model, production: serving.get(model) ?? null, versions }));
    return { asOf, models };
  });
}

async function readProduction(db: Db): Promise<Map<string, string>> {
  const { rows } = await db.query<{ name: string; version: string }>(
    `SELECT m.name, v.version FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id WHERE v.status = 'production'`,
  );
  return new Map(rows.map(({ name, version }) => [name, version]));
}

async function attemptStatus(db: Db, promotionId: string): Promise<AttemptStatus | null> {
  const attempt = await loadAttempt(db, promotionId);
  const { rows } = await db.query<Pick<AttemptStatus, 'requestedAt' | 'endedAt'>>(
    'SELECT requested_at AS "requestedAt", ended_at AS "endedAt" FROM promotion WHERE id = $1',
    [promotionId],
  );
  const times = rows[0];
  if (!attempt || !times) return null;
  const { state, requestedBy, relaxed, soak, gates, waitingFor } = progressOf(attempt);
  return {
    id: promotionId,
    workflowId: promotionWorkflowId(promotionId),
    state,
    requestedBy,
    ...times,
    relaxed,
    soak: soak && {
      startedAt: soak.startedAt,
      earned: soak.earnedMs,
      min: soak.minMs,
      minEndsAt: soak.minEndsAt,
      maxEndsAt: soak.maxEndsAt,
      paused: soak.paused,
    },
    gates,
    waitingFor,
    endReason: attempt.endReason,
  };
}
