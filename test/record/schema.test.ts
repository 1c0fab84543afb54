import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../platform/migrate.js';
import { copyDatabase, type TestDatabase } from '../support/database.js';

const REFUSED = { code: '42501' };
const APPEND_ONLY = { code: 'GH002' };

let db: TestDatabase;
beforeAll(async () => {
  db = await copyDatabase();
});
afterAll(() => db.close());

describe('who may write (design §3)', () => {
  it.each([
    `UPDATE model_version_detail SET status = 'production'`,
    `INSERT INTO audit_event VALUES (1, now(), 'x', 'x', 'x', '{}', decode(repeat('00', 32), 'hex'))`,
    `INSERT INTO person (email) VALUES ('a@b.example')`,
    `INSERT INTO decision DEFAULT VALUES`,
    `DELETE FROM promotion`,
    `SELECT append_audit('{}')`,
    `SELECT change_production('k', 'p', null, '{}', '{}', '{}', 1, '{}')`,
    `UPDATE installation SET clock_offset = '7 days'`,
  ])("the command line's login cannot: %s", async (statement) => {
    await expect(db.reader.query(statement)).rejects.toMatchObject(REFUSED);
  });

  it.each([
    `UPDATE model_version_detail SET status = 'production'`,
    `INSERT INTO model_version_detail (model_id, version, status, artifact_digest, feature_hash, registered_by, registered_at, envelope)
       VALUES (1, '1.0.0', 'production', '', '', '', now(), '')`,
    `UPDATE promotion SET state = 'production'`,
    `UPDATE promotion SET staged_at = now() - interval '30 days'`,
    `UPDATE person SET groups = '{security}'`,
    `INSERT INTO audit_event VALUES (1, now(), 'x', 'x', 'x', '{}', decode(repeat('00', 32), 'hex'))`,
    `UPDATE audit_head SET seq = 0`,
    `INSERT INTO production_change (key, kind, model_id, to_version, decisions, rechecks, record, at)
       VALUES ('k', 'promotion', 1, '1.0.0', '{}', '{}', '{}', now())`,
    `UPDATE installation SET clock_offset = '7 days'`,
    `TRUNCATE decision`,
  ])("the worker's login cannot: %s", async (statement) => {
    await expect(db.worker.query(statement)).rejects.toMatchObject(REFUSED);
  });

  it.each(['envelope', 'policy', 'check_result', 'decision', 'performance_window', 'production_change', 'audit_event'])(
    'nobody changes a row of %s, not even its owner',
    async (table) => {
      await expect(db.owner.query(`DELETE FROM ${table}`)).rejects.toMatchObject(APPEND_ONLY);
      await expect(db.owner.query(`TRUNCATE ${table} CASCADE`)).rejects.toMatchObject(APPEND_ONLY);
    },
  );
});

describe('the clock that decides', () => {
  it('never goes back from production, and stands still there', async () => {
    const copy = await copyDatabase();
    try {
      await copy.owner.query(`UPDATE installation SET environment = 'production'`);
      await expect(copy.owner.query(`UPDATE installation SET environment = 'development'`)).rejects.toMatchObject(APPEND_ONLY);
      await expect(copy.owner.query(`UPDATE installation SET clock_offset = '1 day'`)).rejects.toMatchObject({ code: '23514' });
    } finally {
      await copy.close();
    }
  });
});

describe('migrations', () => {
  it('run once, also when two start at the same moment', async () => {
    expect(await Promise.all([migrate(db.ownerUrl), migrate(db.ownerUrl)])).toEqual([[], []]);
  });

  it('refuse to go on when an applied one was edited', async () => {
    const copy = await copyDatabase();
    try {
      await copy.owner.query(`UPDATE schema_migration SET md5 = 'edited' WHERE version = 3`);
      await expect(migrate(copy.ownerUrl)).rejects.toThrow(/MD5|checksum/i);
    } finally {
      await copy.close();
    }
  });

  it("leave the owner's group in possession of every table", async () => {
    const { rows } = await db.reader.query<{ tableowner: string }>(
      `SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'`,
    );
    expect(rows).toEqual([{ tableowner: 'gatehouse_owner' }]);
  });
});
