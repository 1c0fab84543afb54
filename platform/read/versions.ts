import type { Stage } from '../../domain/progress.js';
import type { Db } from '../pool.js';
import { QUARANTINE } from './production.js';

/** Which versions are meant: all of them, or those of one model, of one number, or both. */
export interface VersionFilter {
  readonly model?: string | undefined;
  readonly version?: string | undefined;
}

/** A version's row and the id of its newest attempt; times are ISO text. */
export interface VersionRow {
  readonly model: string;
  readonly version: string;
  readonly stage: Stage;
  readonly registeredBy: string;
  readonly registeredAt: string;
  readonly stagedAt: string | null;
  readonly promotedAt: string | null;
  readonly deprecatedAt: string | null;
  readonly retentionUntil: string | null;
  /** Why it is quarantined; null when it is not. */
  readonly quarantine: string | null;
  readonly promotionId: string | null;
}

type VersionOf = Pick<VersionRow, 'model' | 'version'>;

/** Orders versions as people count: 1.9.0 before 1.10.0. */
const inNumbers = new Intl.Collator('en', { numeric: true });

/** The versions meant, by model and number. */
export async function readVersions(db: Db, { model, version }: VersionFilter): Promise<VersionRow[]> {
  const { rows } = await db.query<VersionRow>(
    `SELECT m.name AS model, v.version, v.status AS stage, v.registered_by AS "registeredBy", v.registered_at AS "registeredAt",
            v.staged_at AS "stagedAt", v.promoted_at AS "promotedAt", v.deprecated_at AS "deprecatedAt",
            v.retention_until AS "retentionUntil", ${QUARANTINE} AS quarantine,
            (SELECT p.id FROM promotion p WHERE p.model_id = v.model_id AND p.version = v.version
              ORDER BY p.attempt DESC LIMIT 1) AS "promotionId"
       FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id
      WHERE ($1::text IS NULL OR m.name = $1) AND ($2::text IS NULL OR v.version = $2)`,
    [model ?? null, version ?? null],
  );
  return rows.sort(inOrder);
}

/** Which of two versions comes first, by model and number. */
export function inOrder(one: VersionOf, other: VersionOf): number {
  return inNumbers.compare(one.model, other.model) || inNumbers.compare(one.version, other.version);
}

/** The models on the record, by name. */
export async function modelNames(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>('SELECT name FROM model_registry ORDER BY name');
  return rows.map(({ name }) => name);
}
