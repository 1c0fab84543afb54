import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import Postgrator from 'postgrator';
import { packageRoot } from './entry.js';

const MIGRATION_LOCK = 7_402_119;

/**
 * Brings the record's schema up to this release, as the owner's login, and answers the numbers applied.
 * All of it is one transaction under an advisory lock: two starters at once apply each step once, a failure applies none.
 * Throws when a migration already applied was edited since.
 */
export async function migrate(ownerUrl: string, log: (line: string) => void = () => undefined): Promise<number[]> {
  const folder = join(packageRoot(), 'migrations');
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'gatehouse migrate', options: '-c timezone=UTC' });
  await client.connect();
  try {
    await client.query('BEGIN');
    // A record that is not there yet has no row to lock. A login that holds this lock for mischief delays a migration and
    // nothing else, and the owner finds its session in pg_locks.
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(await readFile(join(folder, 'roles.sql'), 'utf8'));
    await client.query('SET LOCAL ROLE gatehouse_owner');
    const postgrator = new Postgrator({
      driver: 'pg',
      migrationPattern: `${folder}/*.do.*.sql`,
      schemaTable: 'schema_migration',
      execQuery: (query) => client.query(query),
    });
    const [made, known] = [await postgrator.getDatabaseVersion(), await postgrator.getMaxVersion()];
    // Left alone it would call this up to date, or undo what it knows how to undo.
    if (made > known) throw new Error(`the record is newer than this release: it has migration ${made}, this release ${known}`);
    const applied = await postgrator.migrate();
    await client.query('COMMIT');
    for (const step of applied) log(`migration ${step.version}: ${step.name}`);
    return applied.map((step) => step.version);
  } finally {
    await client.end();
  }
}
