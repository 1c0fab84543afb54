import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { VersionName } from '../../domain/ids.js';

/** One prediction as a serving system knows it; the label comes with it, as tests have no time to wait. */
export interface MadePrediction {
  readonly failed: boolean;
  readonly latencyMs: number;
  readonly predicted: 0 | 1;
  readonly truth: 0 | 1 | null;
  readonly features: readonly number[];
}

/** A prediction that was answered right within 30 ms, with what is said of it changed. */
export function prediction(change: Partial<MadePrediction> = {}): MadePrediction {
  return { failed: false, latencyMs: 30, predicted: 1, truth: null, features: [], ...change };
}

/**
 * Writes predictions and labels as a serving system does: its login on `serving`, whose pool `servingPool` makes.
 * All are of now, by the database's clock; answers their ids.
 */
export async function logPredictions(
  serving: pg.Pool,
  of: VersionName,
  predictions: readonly MadePrediction[],
): Promise<string[]> {
  const ids = predictions.map(() => randomUUID());
  const rows = predictions.map(({ failed, latencyMs, predicted, features }, at) => ({
    id: ids[at],
    failed,
    latency_ms: failed ? null : latencyMs,
    predicted: failed ? null : predicted,
    features: features.length > 0 ? features : null,
  }));
  await serving.query(
    `INSERT INTO prediction (id, model, version, failed, latency_ms, predicted, features)
       SELECT id, $2, $3, failed, latency_ms, predicted, features
         FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, failed boolean, latency_ms real, predicted smallint, features real[])`,
    [JSON.stringify(rows), of.model, of.version],
  );
  for (const [at, { truth }] of predictions.entries())
    if (truth !== null) await serving.query('SELECT label_prediction($1, $2::smallint)', [ids[at], truth]);
  return ids;
}
