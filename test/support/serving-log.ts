import { inject } from 'vitest';
import pg from 'pg';
import type { TestDatabase } from './database.js';

/** A pool that may do on a test database what a serving system's login may. */
export function servingPool(db: TestDatabase): pg.Pool {
  const url = new URL(inject('postgres').superuserUrl);
  url.pathname = new URL(db.ownerUrl).pathname;
  return new pg.Pool({ connectionString: url.href, options: '-c role=gatehouse_serving', max: 2 });
}
