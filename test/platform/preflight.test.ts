import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { refusalLine } from '../../domain/refusal.js';
import { readerCheck, workerCheck } from '../../platform/doctor/logins.js';
import { recordChecks } from '../../platform/doctor/record.js';
import { clockCheck, productionCheck } from '../../platform/doctor/times.js';
import { migrate } from '../../platform/migrate.js';
import { preflight, PreflightFailed } from '../../platform/preflight.js';
import { copyDatabase, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await copyDatabase();
});
afterAll(() => db.close());

/** The line with which a worker refuses to start on a record. */
async function refusal(url: string): Promise<string> {
  return await preflight(url).then(
    () => 'starts',
    (error: unknown) => {
      expect(error).toBeInstanceOf(PreflightFailed);
      return refusalLine((error as PreflightFailed).refusal);
    },
  );
}

function withOption(url: string, option: string): string {
  const changed = new URL(url);
  changed.searchParams.set('options', `-c ${option}`);
  return changed.href;
}

async function asSuperuser(sql: string, database = 'postgres'): Promise<void> {
  const url = new URL(inject('postgres').superuserUrl);
  url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

describe('a worker starts on this release’s record only', () => {
  it('with its own login on a sound database', async () => {
    expect(await refusal(db.workerUrl)).toBe('starts');
  });

  it.each([
    ['a replica or a read-only session (D5)', 'default_transaction_read_only=on', /^6: .*postgres-writable.*given: read-only/],
    ['commits that are not kept (D5)', 'synchronous_commit=off', /^6: .*postgres-durable.*synchronous_commit off/],
    ['another search path (D5)', 'search_path=other', /^6: .*postgres-search-path/],
  ])('not on %s', async (_, option, line) => {
    expect(await refusal(withOption(db.workerUrl, option))).toMatch(line);
  });

  it('not in another encoding (D5)', async () => {
    const name = `latin_${randomBytes(4).toString('hex')}`;
    await asSuperuser(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0`);
    try {
      const url = new URL(db.workerUrl);
      url.pathname = `/${name}`;
      expect(await refusal(url.href)).toMatch(/^6: .*postgres-encoding.*given: LATIN1; allowed: UTF8/);
    } finally {
      await asSuperuser(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });

  it('not with a login that cannot work, or could do everything', async () => {
    expect(await refusal(db.readUrl)).toMatch(/^6: .*worker-login.*cannot put an act on the record/);
    expect(await refusal(db.ownerUrl)).toMatch(/^6: .*worker-login.*owns the schema/);
  });

  it('not on a schema of another release, naming the migration (D4), which migrate does not undo', async () => {
    const copy = await copyDatabase();
    try {
      await copy.owner.query(`INSERT INTO schema_migration VALUES (99, 'tomorrow', '', now())`);
      expect(await refusal(copy.workerUrl)).toMatch(
        /^6: .*newer: it has migration 99 \(tomorrow\), which this release does not know/,
      );
      await expect(migrate(copy.ownerUrl)).rejects.toThrow(/newer than this release/);
      await copy.owner.query(`DELETE FROM schema_migration WHERE version = 99 OR name = 'grants'`);
      expect(await refusal(copy.workerUrl)).toMatch(/^6: .*older: it lacks migration \d+ \(grants\).*next: gatehouse migrate/);
      await copy.owner.query('DROP TABLE schema_migration');
      expect(await refusal(copy.workerUrl)).toMatch(/^6: .*no record in this database/);
    } finally {
      await copy.close();
    }
  });
});

describe('doctor', () => {
  it('finds nothing wrong with a sound record', async () => {
    const checks = [...(await recordChecks(db.reader)), await workerCheck(db.worker)];
    expect(checks.filter(({ ok }) => ok !== true)).toEqual([]);
  });

  it('says when the reading login can do more than read', async () => {
    expect(await readerCheck(db.worker)).toMatchObject({
      ok: false,
      found: expect.stringMatching(/can write .*can call/) as string,
    });
    expect(await readerCheck(db.owner)).toMatchObject({ ok: false, found: expect.stringMatching(/owns the schema/) as string });
  });

  it('says when the worker’s login could change a stage by itself', async () => {
    const copy = await copyDatabase();
    try {
      await asSuperuser('GRANT UPDATE (status) ON model_version_detail TO gatehouse_worker', nameOf(copy.ownerUrl));
      const found = expect.stringContaining('can change model_version_detail.status') as string;
      expect(await workerCheck(copy.worker)).toMatchObject({ ok: false, found });
    } finally {
      await copy.close();
    }
  });

  it('says by how much the clock was moved on', async () => {
    await db.owner.query(`UPDATE installation SET clock_offset = '7 days'`);
    expect(await clockCheck(db.reader)).toMatchObject({ ok: true, found: expect.stringContaining('moved on by 7d') as string });
  });

  it('says when production is not what the last change put there', async () => {
    await db.owner.query(`INSERT INTO model_registry (name) VALUES ('m')`);
    expect(await productionCheck(db.reader)).toMatchObject({ ok: true });
    await asSuperuser(
      `SET session_replication_role = replica;
       INSERT INTO production_change (key, kind, model_id, to_version, promotion_id, decisions, rechecks, follow_ups, record, at)
         SELECT 'promotion/m/1.0.0/1', 'promotion', id, '1.0.0', 'm/1.0.0/1', '{}', '{}', '{}', '{}', now() FROM model_registry`,
      nameOf(db.ownerUrl),
    );
    const found = 'm has none, its last change says 1.0.0';
    expect(await productionCheck(db.reader)).toMatchObject({
      ok: false,
      found,
      next: expect.stringMatching(/audit verify/) as string,
    });
  });
});
