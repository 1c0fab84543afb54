import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { openPool } from '../../platform/pool.js';

/** A database of its own with the migrated schema, and pools for each login. */
export interface TestDatabase {
  readonly ownerUrl: string;
  readonly workerUrl: string;
  readonly readUrl: string;
  readonly owner: pg.Pool;
  readonly worker: pg.Pool;
  readonly reader: pg.Pool;
  close(): Promise<void>;
}

/** Copies the migrated database for one test file. */
export async function copyDatabase(): Promise<TestDatabase> {
  const urls = inject('postgres');
  const name = `t_${randomBytes(6).toString('hex')}`;
  await asSuperuser(urls.superuserUrl, `CREATE DATABASE ${name} TEMPLATE gatehouse OWNER gatehouse_owner_login`);
  const on = (url: string): string => {
    const copy = new URL(url);
    copy.pathname = `/${name}`;
    return copy.href;
  };
  const [ownerUrl, workerUrl, readUrl] = [on(urls.ownerUrl), on(urls.workerUrl), on(urls.readUrl)];
  const pools = {
    owner: openPool(ownerUrl, 'test owner'),
    worker: openPool(workerUrl, 'test worker'),
    reader: openPool(readUrl, 'test reader'),
  };
  return {
    ownerUrl,
    workerUrl,
    readUrl,
    ...pools,
    async close() {
      await Promise.all(Object.values(pools).map((pool) => pool.end()));
      await asSuperuser(urls.superuserUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function asSuperuser(superuserUrl: string, statement: string): Promise<void> {
  const url = new URL(superuserUrl);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
