import type pg from 'pg';
import type { Attempt } from '../../domain/attempt.js';
import { conditionsBefore, eligibilityOf, type Condition } from '../../domain/eligibility.js';
import type { VersionName } from '../../domain/ids.js';
import { GATES, type Policy } from '../../domain/policy.js';
import { recordedPolicy } from '../../domain/policy-sections.js';
import type { Stage } from '../../domain/progress.js';
import { progressOf } from '../../domain/view.js';
import { loadAttempt } from '../attempt.js';
import { databaseNow } from '../audit.js';
import { allPeople } from '../people.js';
import type { Db } from '../pool.js';
import { couldApprove } from './deciders.js';
import { inSnapshot } from './snapshot.js';
import { readVersions } from './versions.js';

/** What `check` answers of one version: whether it may go into production, and every condition for it. */
export interface Check {
  readonly model: string;
  readonly version: string;
  readonly stage: Stage;
  readonly promotionId: string | null;
  readonly eligible: boolean;
  /** ISO time, or null when no moment can be named. */
  readonly earliest: string | null;
  /** When the soak minimum is over if staging stays healthy, ISO; null where no moment can be named. */
  readonly minimumEndsAt: string | null;
  readonly conditions: readonly Condition[];
  /** When an attempt in staging ends, met or not; null where none soaks. */
  readonly attemptEndsAt: string | null;
  /** Why the newest attempt ended, where it has. */
  readonly endReason: string | null;
  /** The numbers in which the policy it is held to is looser than the guidelines; empty when in none. */
  readonly relaxed: readonly string[];
  /** Database time. */
  readonly asOf: string;
}

/** The conditions of a registered version's newest attempt, or of one still to be asked for; undefined when there is no policy for it. */
export async function readCheck(pool: pg.Pool, of: VersionName): Promise<Check | undefined> {
  return await inSnapshot(pool, (db) => checkIn(db, of));
}

/** The same, within a look at one moment. */
export async function checkIn(db: Db, of: VersionName): Promise<Check | undefined> {
  const asOf = await databaseNow(db);
  const [row] = await readVersions(db, of);
  if (!row) return undefined;
  const { model, version, stage, promotionId } = row;
  const attempt = promotionId === null ? undefined : await loadAttempt(db, promotionId);
  if (attempt) {
    const { eligible, earliest, minimumEndsAt, conditions } = eligibilityOf(attempt);
    // A version that a rollback brought back keeps its ended attempt.
    const isServing = stage === 'production';
    return {
      model,
      version,
      stage,
      promotionId,
      eligible: eligible || isServing,
      earliest,
      minimumEndsAt,
      conditions: await named(db, attempt, conditions),
      attemptEndsAt: progressOf(attempt).decideUntil,
      endReason: isServing ? null : attempt.endReason,
      relaxed: attempt.relaxed,
      asOf,
    };
  }
  const toCome = await policyToCome(db, model);
  if (!toCome) return undefined;
  return {
    model,
    version,
    stage,
    promotionId,
    eligible: false,
    earliest: null,
    minimumEndsAt: null,
    conditions: conditionsBefore(toCome),
    attemptEndsAt: null,
    endReason: null,
    relaxed: toCome.relaxed,
    asOf,
  };
}

/** The conditions with the people who could meet an open gate by name. */
async function named(db: Db, attempt: Attempt, conditions: readonly Condition[]): Promise<Condition[]> {
  const people = await allPeople(db);
  return conditions.map((condition) => {
    const gate = condition.kind === 'gate' ? GATES.find((each) => each === condition.id) : undefined;
    if (!gate || condition.verdict !== 'pending' || attempt.state !== 'staging') return condition;
    const could = couldApprove(attempt, gate, people);
    return { ...condition, who: `${condition.who}: ${could.join(', ') || 'nobody left who may'}` };
  });
}

/** The policy that a promotion asked for now would be held to. */
async function policyToCome(db: Db, model: string): Promise<{ policy: Policy; relaxed: string[] } | undefined> {
  const { rows } = await db.query<{ effective: string; relaxed: string[] }>(
    `SELECT effective, relaxed FROM policy WHERE model IN ($1, '_defaults') ORDER BY model = $1 DESC, seq DESC LIMIT 1`,
    [model],
  );
  return rows[0] && { policy: recordedPolicy(rows[0].effective), relaxed: rows[0].relaxed };
}
