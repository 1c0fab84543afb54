import pg from 'pg';
import type { RunningStack } from './stack.js';

/** What no refusal may change; what is written about refusals and by runs on their own is not counted. */
export interface Counts {
  readonly events: number;
  readonly versions: string;
  readonly policies: number;
  readonly decisions: number;
  readonly changes: number;
}

/** Counts what is on the record, as the command line's login sees it. */
export async function counts(reader: pg.Client): Promise<Counts> {
  const { rows } = await reader.query<Counts>(
    `SELECT (SELECT count(*) FROM audit_event WHERE action <> 'act.refused' AND action NOT LIKE 'run.%')::integer AS events,
            (SELECT string_agg(v.version || ' ' || v.status, ', ' ORDER BY v.version) FROM model_version_detail v) AS versions,
            (SELECT count(*) FROM policy)::integer AS policies, (SELECT count(*) FROM decision)::integer AS decisions,
            (SELECT count(*) FROM production_change)::integer AS changes`,
  );
  return rows[0] as Counts;
}

/** Does to the record what only its superuser can. */
export async function asSuperuser({ owner }: RunningStack, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: owner.superuserUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
