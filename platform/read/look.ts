import type pg from 'pg';
import { statusAt, takeReading, type Reading, type Status } from './status.js';
import type { VersionFilter } from './versions.js';

/** Everything is read again this often in any case: two transactions at once may commit against the order of their numbers. */
const READ_AGAIN_MS = 10_000;

/** A text that is another one whenever anything that `status` shows has changed, save by time alone. */
const MARK = `
  SELECT gatehouse_now() AS now,
         concat_ws('/', (SELECT seq FROM audit_head), (SELECT max(id) FROM check_result), (SELECT max(id) FROM performance_window),
                        (SELECT count(*) FROM follow_up), (SELECT count(*) FROM person WHERE revoked_at IS NULL)) AS mark`;

/**
 * Makes a look at the versions meant that can be taken again and again: one query each time, and all of the record's
 * reading only when something has changed.
 */
export function createLook(pool: pg.Pool, filter: VersionFilter): () => Promise<Status> {
  let known: { readonly mark: string; readonly readAt: number; readonly reading: Reading } | undefined;
  return async () => {
    const { rows } = await pool.query<{ now: string; mark: string }>(MARK);
    const { now, mark } = rows[0] as { now: string; mark: string };
    if (known && known.mark === mark && Date.now() - known.readAt < READ_AGAIN_MS) return statusAt(known.reading, now);
    const reading = await takeReading(pool, filter);
    known = { mark, readAt: Date.now(), reading };
    return statusAt(reading, reading.asOf);
  };
}
