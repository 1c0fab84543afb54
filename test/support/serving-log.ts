import { createHash } from 'node:crypto';
import { inject } from 'vitest';
import pg from 'pg';
import type { TestDatabase } from './database.js';

/** A pool that may do on a test database what a serving system's login may. */
export function servingPool(db: TestDatabase): pg.Pool {
  const url = new URL(inject('postgres').superuserUrl);
  url.pathname = new URL(db.ownerUrl).pathname;
  const pool = new pg.Pool({ connectionString: url.href, options: '-c role=gatehouse_serving', max: 2 });
  // The database is dropped while connections close.
  pool.on('error', () => undefined).on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}

/** Puts versions of a model with features of these names on the record, without the acts that it takes. */
export async function putVersions(
  db: TestDatabase,
  model: string,
  versions: readonly string[],
  names: readonly string[],
): Promise<void> {
  const url = new URL(inject('postgres').superuserUrl);
  url.pathname = new URL(db.ownerUrl).pathname;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query('SET session_replication_role = replica');
    const hash = createHash('sha256').update(model).digest('hex');
    const features = JSON.stringify(names.map((name) => ({ name, type: 'float32' })));
    await client.query(`INSERT INTO feature_view VALUES ($1, 1, $2, $3, '', '', now())`, [model, hash, features]);
    await client.query('INSERT INTO model_registry (name) VALUES ($1)', [model]);
    await client.query(
      `INSERT INTO model_version_detail (model_id, version, artifact_digest, feature_hash, registered_by, registered_at, envelope)
         SELECT id, unnest($2::text[]), '', $3, '', now(), '' FROM model_registry WHERE name = $1`,
      [model, versions, hash],
    );
  } finally {
    await client.end();
  }
}
