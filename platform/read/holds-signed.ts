import { openEnvelope } from '../envelope.js';
import type { Db } from '../pool.js';

/** A hold or a lift on the record, and when whoever signed it said that it was. */
export interface RecordedHold {
  readonly isOn: boolean;
  /** Milliseconds; by a clock that may be wrong. */
  readonly issued: number;
}

/** The holds and lifts of one model, or of all of them where it is '', the last one received first. */
export async function recordedHolds(db: Db, model: string): Promise<RecordedHold[]> {
  const { rows } = await db.query<{ jws: string; is_on: boolean }>(
    `SELECT e.jws, s.is_on FROM switch s JOIN envelope e ON e.hash = s.envelope LEFT JOIN model_registry m ON m.id = s.model_id
      WHERE s.kind = 'hold' AND coalesce(m.name, '') = $1 ORDER BY s.seq DESC`,
    [model],
  );
  return rows.flatMap(({ jws, is_on: isOn }) => {
    const opened = openEnvelope(jws);
    return opened.ok ? [{ isOn, issued: Date.parse(String(opened.envelope.payload['issued'])) }] : [];
  });
}
