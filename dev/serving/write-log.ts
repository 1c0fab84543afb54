import type { Db } from '../../platform/pool.js';

/** One prediction as it is written down; features as the model saw them. */
export interface LoggedPrediction {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly failed: boolean;
  readonly latencyMs: number | null;
  readonly predicted: number | null;
  readonly score: number | null;
  readonly features: Float32Array;
}

/** A label that arrived for a prediction. */
export interface LoggedLabel {
  readonly id: string;
  readonly truth: number;
}

/**
 * Writes predictions and then labels, and answers how many of them the record took; what it refuses for good is left out.
 * Throws where the database is away. Safe to repeat with the same.
 */
export async function writeLog(
  db: Db,
  predictions: readonly LoggedPrediction[],
  labels: readonly LoggedLabel[],
): Promise<number> {
  const made = predictions.length === 0 ? 0 : await refusable(predictions.length, () => insert(db, predictions));
  if (labels.length === 0) return made;
  const together = await refusable(labels.length, () => label(db, labels));
  if (together > 0) return made + together;
  let one = 0;
  for (const each of labels) one += await refusable(1, () => label(db, [each]));
  return made + one;
}

/** Whether an error is the database's no to these rows, which it would say again. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(GH00|22|23|42)/.test(code);
}

async function refusable(count: number, write: () => Promise<unknown>): Promise<number> {
  try {
    await write();
    return count;
  } catch (error) {
    if (isRefusal(error)) return 0;
    throw error;
  }
}

async function insert(db: Db, predictions: readonly LoggedPrediction[]): Promise<void> {
  const rows = predictions.map(({ latencyMs, features, ...rest }) => ({
    ...rest,
    latency_ms: latencyMs,
    features: Array.from(features),
  }));
  await db.query(
    `INSERT INTO prediction (id, model, version, failed, latency_ms, predicted, score, features)
     SELECT * FROM json_to_recordset($1) AS r(id uuid, model text, version text, failed boolean, latency_ms real, predicted smallint,
       score real, features real[]) ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows)],
  );
}

async function label(db: Db, labels: readonly LoggedLabel[]): Promise<void> {
  await db.query('SELECT label_prediction(id, truth) FROM unnest($1::uuid[], $2::smallint[]) AS r(id, truth)', [
    labels.map(({ id }) => id),
    labels.map(({ truth }) => truth),
  ]);
}
