import pg from 'pg';
import { expect, inject } from 'vitest';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import type { World } from '../support/world.js';

/** Somebody with all rights over the database of a world, for whom no trigger and no foreign key holds. */
export interface Intruder {
  readonly client: pg.Client;
  /** What `audit verify` says after an intrusion, which is undone again. */
  after(...statements: string[]): ReturnType<typeof verifyTrail>;
  /** The number of the first event of an action on a subject. */
  seqOf(action: string, subject: string): Promise<number>;
}

/** Keeps a copy of the whole record as it is now, to go back to after every intrusion. */
export async function intrude(world: World): Promise<Intruder> {
  const url = new URL(inject('postgres').superuserUrl);
  url.pathname = new URL(world.db.readUrl).pathname;
  const client = new pg.Client({ connectionString: url.href, options: '-c timezone=UTC' });
  await client.connect();
  await client.query(`SET session_replication_role = replica; SET search_path = public`);
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migration'`,
  );
  await client.query('CREATE SCHEMA kept');
  for (const { name } of rows) await client.query(`CREATE TABLE kept.${name} AS TABLE public.${name}`);
  return {
    client,
    async after(...statements) {
      for (const statement of statements) {
        const { rowCount } = await client.query(statement);
        expect(rowCount, statement).not.toBe(0);
      }
      const report = await verifyTrail(world.db.reader);
      for (const { name } of rows) {
        await client.query(`DELETE FROM ${name}`);
        await client.query(`INSERT INTO ${name} OVERRIDING SYSTEM VALUE TABLE kept.${name}`);
      }
      return report;
    },
    async seqOf(action, subject) {
      const found = await client.query<{ seq: string }>(
        'SELECT min(seq) AS seq FROM audit_event WHERE action = $1 AND subject = $2',
        [action, subject],
      );
      return Number(found.rows[0]?.seq);
    },
  };
}

/** Rewrites the chain from an event on, as somebody with all rights over the database can. */
export const rechain = (from: number): string => `DO $$ DECLARE h bytea; e record; BEGIN
  SELECT hash INTO h FROM audit_event WHERE seq = ${from} - 1;
  FOR e IN SELECT seq, body FROM audit_event WHERE seq >= ${from} ORDER BY seq LOOP
    h := sha256(h || convert_to(e.body, 'UTF8'));
    UPDATE audit_event SET hash = h WHERE seq = e.seq;
  END LOOP;
  UPDATE audit_head SET hash = h; END $$`;
