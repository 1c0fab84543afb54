import type pg from 'pg';
import { takeReading, type Reading } from '../../platform/read/status.js';
import type { World } from '../support/world.js';

/** What the record said right after a transaction: the number of the last event, and what `status` reads. */
export type Looks = ReadonlyMap<number, Reading>;

/** Looks at the record after every transaction of the worker from now on. */
export function lookAfterEach(world: World): Looks {
  const looks = new Map<number, Reading>();
  const head = async (): Promise<number> => {
    const { rows } = await world.db.reader.query<{ seq: number }>('SELECT seq FROM audit_head');
    return rows[0]?.seq ?? 0;
  };
  const look = async (): Promise<void> => {
    const before = await head();
    const reading = await takeReading(world.db.reader, {});
    // What is committed meanwhile is looked at after its own commit.
    if (before === (await head())) looks.set(before, reading);
  };
  afterCommits(world.db.worker, look);
  return looks;
}

function afterCommits(pool: pg.Pool, look: () => Promise<void>): void {
  const connect = pool.connect.bind(pool);
  const watched = new WeakSet<pg.PoolClient>();
  const watching = async (): Promise<pg.PoolClient> => {
    const client = await connect();
    if (watched.has(client)) return client;
    watched.add(client);
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    client.query = (async (...args: unknown[]) => {
      const answer = await query(...args);
      if (args[0] === 'COMMIT') await look();
      return answer;
    }) as unknown as typeof client.query;
    return client;
  };
  // The pool's own queries connect with a callback and commit by themselves.
  pool.connect = ((callback?: never) => (callback ? connect(callback) : watching())) as typeof pool.connect;
}
