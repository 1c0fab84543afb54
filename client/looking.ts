import type pg from 'pg';
import { openPool } from '../platform/pool.js';
import { createLook } from '../platform/read/look.js';
import type { Status } from '../platform/read/status.js';
import type { VersionFilter } from '../platform/read/versions.js';
import { within } from './record.js';
import type { Looking } from './watching.js';

const ANSWERS_WITHIN_MS = 5_000;

/**
 * Looks at the versions meant over one connection. After a failure, or when the record does not answer within 5 s, the
 * connection is given up and the next look makes another. `mustBeEmpty` throws where nothing found is a mistake.
 */
export function lookingAt(
  { readUrl }: { readonly readUrl: string },
  filter: VersionFilter,
  mustBeEmpty: (db: pg.Pool) => Promise<void>,
): Looking {
  let open: { readonly pool: pg.Pool; readonly look: () => Promise<Status> } | undefined;
  const look = async (): Promise<Status> => {
    const pool = open?.pool ?? openPool(readUrl, 'gatehouse status --watch', { max: 1, connectTimeoutMs: ANSWERS_WITHIN_MS });
    open ??= { pool, look: createLook(pool, filter) };
    try {
      const status = await within(ANSWERS_WITHIN_MS, open.look());
      if (status.models.length === 0) await mustBeEmpty(pool);
      return status;
    } catch (error) {
      open = undefined;
      void pool.end();
      throw error;
    }
  };
  return { readUrl, look };
}
