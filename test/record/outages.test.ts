import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classify, toFailure } from '../../activities/failures.js';
import { applyEnvelope } from '../../activities/registry/apply.js';
import { openPool } from '../../platform/pool.js';
import { MODEL } from '../support/stack.js';
import { staged } from '../support/staged.js';
import { first, makeWorld, type World } from '../support/world.js';

let world: World;
let id: string;
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
});
afterAll(() => world.close());

async function count(where: string): Promise<number> {
  const { rows } = await world.db.reader.query<{ n: number }>(`SELECT count(*) AS n FROM ${where}`);
  return rows[0]?.n ?? 0;
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A failure that a run waits out: Temporal tries the activity again. */
function isRetried(error: unknown): boolean {
  const failure = toFailure(error);
  return classify(error) === 'away' && !(failure instanceof ApplicationFailure && failure.nonRetryable);
}

describe('what passes by itself is tried again, and leaves no half state (D6)', () => {
  it.each(['53100', '53300', '55P03', '40P01', '40001', '08006', '57P01', '25006'])('PostgreSQL’s %s', (code) => {
    expect(isRetried(Object.assign(new Error('x'), { code }))).toBe(true);
  });

  it('too many connections, as the server says it', async () => {
    await world.db.owner.query('SELECT 1');
    const { rows } = await world.db.worker.query<{ name: string; current: string }>(
      'SELECT current_user AS name, current_database() AS current',
    );
    const { name = '', current = '' } = rows[0] ?? {};
    await world.db.owner.query(`ALTER DATABASE ${current} CONNECTION LIMIT 0`);
    const pool = openPool(world.db.workerUrl, 'one more', { max: 1 });
    try {
      const error = await errorOf(pool.query('SELECT 1'));
      expect(error, name).toMatchObject({ code: '53300' });
      expect(isRetried(error)).toBe(true);
    } finally {
      await world.db.owner.query(`ALTER DATABASE ${current} CONNECTION LIMIT -1`);
      await pool.end();
    }
  });

  it('a lock that is not let go: the act is not half on the record, and counts when it is sent again', async () => {
    const envelope = await world.signDecision(id, await first(world.db, 'security'), 'security');
    const holder = await world.db.owner.connect();
    const impatient = openPool(
      `${world.db.workerUrl}${world.db.workerUrl.includes('?') ? '&' : '?'}options=-c%20lock_timeout%3D300`,
      'impatient',
      {
        max: 1,
      },
    );
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM model_registry WHERE name = $1 FOR UPDATE', [MODEL]);
      const error = await errorOf(applyEnvelope({ ...world.deps, pool: impatient }, envelope));
      expect(error).toMatchObject({ code: '55P03' });
      expect(isRetried(error)).toBe(true);
      expect(await count(`decision`)).toBe(0);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
      await impatient.end();
    }
    expect(await applyEnvelope(world.deps, envelope)).toMatchObject({ accepted: true });
    expect(await count(`decision`)).toBe(1);
  });
});

describe('a connection that breaks in COMMIT (D7)', () => {
  /** A pool whose first COMMIT is made and never answered, or is never made. */
  function breaksOnce(pool: pg.Pool, isMade: boolean): pg.Pool {
    let broken = false;
    const connect = async () => {
      const tx = await pool.connect();
      const query = tx.query.bind(tx) as (...given: unknown[]) => Promise<unknown>;
      const wrapped = async (...given: unknown[]): Promise<unknown> => {
        if (given[0] !== 'COMMIT' || broken) return await query(...given);
        broken = true;
        await query(isMade ? 'COMMIT' : 'ROLLBACK');
        throw new Error('Connection terminated unexpectedly');
      };
      return new Proxy(tx, { get: (target, name) => (name === 'query' ? wrapped : (Reflect.get(target, name) as unknown)) });
    };
    return new Proxy(pool, { get: (target, name) => (name === 'connect' ? connect : (Reflect.get(target, name) as unknown)) });
  }

  it.each([
    ['after it was made', true, 'business'],
    ['before it was made', false, 'data-science'],
  ] as const)('%s: tried again, the act counts once', async (_, isMade, gate) => {
    const before = await count('decision');
    const group = gate === 'business' ? 'business' : 'ds-team';
    const envelope = await world.signDecision(id, await first(world.db, group), gate);
    const deps = { ...world.deps, pool: breaksOnce(world.deps.pool, isMade) };
    const error = await errorOf(applyEnvelope(deps, envelope));
    expect(isRetried(error)).toBe(true);
    expect(await count('decision')).toBe(before + (isMade ? 1 : 0));
    expect(await applyEnvelope(deps, envelope)).toMatchObject({ accepted: true });
    expect(await count('decision')).toBe(before + 1);
    expect(await count(`audit_event WHERE action = 'decision.approved'`)).toBe(before + 1);
  });
});
