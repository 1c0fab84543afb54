import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Part } from '../../dev/start-options.js';
import { grantGroups, startPostgres } from '../../dev/postgres.js';
import { readStackConfig } from '../../platform/config.js';
import { makeDataDir } from '../../platform/connection-file.js';
import { migrate } from '../../platform/migrate.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Logins on the test server; every database on it is a copy of the migrated one these name. */
    postgres: { superuserUrl: string; ownerUrl: string; workerUrl: string; readUrl: string };
  }
}

/** One real PostgreSQL for the whole test run, with one migrated database that every test file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));
  const parts: Part[] = [];
  const postgres = await startPostgres({
    paths: makeDataDir(dataDir),
    config: readStackConfig(),
    freePorts: true,
    signal: new AbortController().signal,
    say: () => undefined,
    keep: (part) => parts.push(part),
  });
  const { ownerUrl, superuserUrl } = postgres.owner;
  await migrate(ownerUrl);
  await grantGroups(superuserUrl);
  project.provide('postgres', { superuserUrl, ownerUrl, workerUrl: postgres.workerUrl, readUrl: postgres.readUrl });
  return async () => {
    for (const part of parts.reverse()) await part.stop();
    rmSync(dataDir, { recursive: true, force: true });
    // As root PostgreSQL's data lies outside, in a folder of its own.
    rmSync(dirname(postgres.place.dataDir), { recursive: true, force: true });
  };
}
