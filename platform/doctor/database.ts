import type { Db } from '../pool.js';
import { checked, type Check } from './check.js';

interface DatabaseRow {
  version: string;
  version_num: number;
  encoding: string;
  recovering: boolean;
  read_only: string;
  synchronous_commit: string;
  fsync: string;
  schemas: string;
}

/** Group roles are granted with `INHERIT` and `SET`, which PostgreSQL knows since this version. */
const OLDEST = 16;

/** Whether the database is one that the record can be kept in, seen from a session as workers and command line have it. */
export async function databaseChecks(db: Db): Promise<Check[]> {
  const { rows } = await db.query<DatabaseRow>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer AS version_num,
            pg_encoding_to_char(d.encoding) AS encoding, pg_is_in_recovery() AS recovering,
            current_setting('transaction_read_only') AS read_only, current_setting('synchronous_commit') AS synchronous_commit,
            current_setting('fsync') AS fsync, array_to_string(current_schemas(false), ', ') AS schemas
       FROM pg_database d WHERE d.datname = current_database()`,
  );
  const [row] = rows;
  if (!row) return [];
  const major = Math.floor(row.version_num / 10_000);
  const isReplica = row.recovering || row.read_only === 'on';
  const keeps = row.synchronous_commit !== 'off' && row.fsync === 'on';
  return [
    checked('postgres-version', major >= OLDEST, {
      found: row.version,
      wants: `${OLDEST} or newer`,
      next: 'upgrade the server',
    }),
    checked('postgres-encoding', row.encoding === 'UTF8', {
      found: row.encoding,
      wants: 'UTF8',
      next: "make the database with ENCODING 'UTF8' TEMPLATE template0",
    }),
    checked('postgres-writable', !isReplica, {
      found: row.recovering ? 'a replica, which is read-only' : isReplica ? 'read-only' : 'writable',
      wants: 'the primary, writable',
      next: 'name the primary, with target_session_attrs or its own address',
    }),
    checked('postgres-durable', keeps, {
      found: `synchronous_commit ${row.synchronous_commit}, fsync ${row.fsync}`,
      wants: 'a commit that was answered survives a crash: synchronous_commit not off, fsync on',
      next: "set them in the server's configuration, and take options=… out of the URL",
    }),
    checked('postgres-search-path', row.schemas === 'public', {
      found: row.schemas || 'no schema that this login may use',
      wants: 'public',
      next: 'take search_path out of the URL; grant the login its group, which may use schema public',
    }),
  ];
}
