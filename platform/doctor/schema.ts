import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../entry.js';
import type { Db } from '../pool.js';
import { checked, type Check } from './check.js';

interface Migration {
  readonly version: number;
  readonly name: string;
}

const ID = 'schema';

/** Whether the record's schema is exactly this release's: neither older nor newer, each difference by its migration's name. */
export async function schemaCheck(db: Db): Promise<Check> {
  const shipped = shippedMigrations();
  const wants = `migrations 1 to ${shipped.length} of this release`;
  const { rows: made } = await db.query<{ there: boolean }>(`SELECT to_regclass('public.schema_migration') IS NOT NULL AS there`);
  if (!made[0]?.there) return checked(ID, false, { found: 'no record in this database', wants, next: 'gatehouse migrate' });
  const { rows: applied } = await db.query<Migration>(
    'SELECT version, name FROM public.schema_migration WHERE version > 0 ORDER BY version',
  );
  const missing = without(shipped, applied);
  const unknown = without(applied, shipped);
  const ok = missing.length === 0 && unknown.length === 0;
  const found = [
    missing.length > 0 && `older: it lacks ${named(missing)}`,
    unknown.length > 0 && `newer: it has ${named(unknown)}, which this release does not know`,
    ok && `migrations 1 to ${applied.length}`,
  ];
  const next = unknown.length > 0 ? 'run the release that made it, or a newer one' : 'gatehouse migrate';
  return checked(ID, ok, { found: found.filter(Boolean).join('; '), wants, next });
}

function shippedMigrations(): Migration[] {
  return readdirSync(join(packageRoot(), 'migrations'))
    .flatMap((file) => {
      const [, version, name] = /^(\d+)\.do\.(.+)\.sql$/.exec(file) ?? [];
      return version === undefined || name === undefined ? [] : [{ version: Number(version), name }];
    })
    .sort((a, b) => a.version - b.version);
}

function without(all: readonly Migration[], known: readonly Migration[]): Migration[] {
  return all.filter(({ version, name }) => !known.some((each) => each.version === version && each.name === name));
}

function named(migrations: readonly Migration[]): string {
  return migrations.map(({ version, name }) => `migration ${version} (${name})`).join(', ');
}
