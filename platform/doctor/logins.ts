import type { Db } from '../pool.js';
import { checked, type Check } from './check.js';

interface Rights {
  superuser: boolean;
  owner: boolean;
  writes: string[] | null;
  calls: string[] | null;
  stages: string[] | null;
  envelope: boolean;
  appends: boolean;
}

/** Nobody but the schema's own functions touches these: they say what is in production, who may sign, and what happened. */
const STAGES = `ARRAY['model_version_detail.status', 'promotion.state', 'person.groups', 'person.public_key', 'person.revoked_at', 'audit_event.body',
  'audit_head.seq', 'decision.decision', 'envelope.jws']`;

const RIGHTS = `
  WITH written AS (
    SELECT c.relname::text AS name FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND (has_any_column_privilege(c.oid, 'INSERT, UPDATE') OR has_table_privilege(c.oid, 'DELETE, TRUNCATE'))
  ), called AS (
    SELECT p.proname::text AS name FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.proname <> 'gatehouse_now' AND has_function_privilege(p.oid, 'EXECUTE')
  ), stage AS (
    SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relname || '.' || a.attname = ANY (${STAGES})
       AND (has_column_privilege(c.oid, a.attnum, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE, TRUNCATE'))
  )
  SELECT current_setting('is_superuser') = 'on' AS superuser,
         EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatehouse_owner' AND pg_has_role(oid, 'MEMBER')) AS owner,
         (SELECT array_agg(name ORDER BY name) FROM written) AS writes,
         (SELECT array_agg(name ORDER BY name) FROM called) AS calls,
         (SELECT array_agg(name ORDER BY name) FROM stage) AS stages,
         has_any_column_privilege('public.envelope', 'INSERT') AS envelope,
         'append_audit' IN (SELECT name FROM called) AS appends`;

/** Whether the command line's login reads and does nothing else. */
export async function readerCheck(db: Db): Promise<Check> {
  const rights = await rightsOf(db);
  const calls = (rights.calls ?? []).map((name) => `${name}()`);
  const wrong = [...powers(rights), ...limited('can write', rights.writes), ...limited('can call', calls)];
  return checked('reader-login', wrong.length === 0, {
    found: wrong.join('; ') || 'reads and cannot write',
    wants: 'a login that reads and cannot write',
    next: 'make a login that is granted gatehouse_reader and nothing else',
  });
}

/** Whether a worker's login can do a worker's work, and cannot change by itself what it has to ask the record for. */
export async function workerCheck(db: Db): Promise<Check> {
  const rights = await rightsOf(db);
  const lacks = rights.envelope && rights.appends ? [] : ['cannot put an act on the record'];
  const wrong = [...lacks, ...powers(rights), ...limited('can change', rights.stages)];
  return checked('worker-login', wrong.length === 0, {
    found: wrong.join('; ') || 'can work, and cannot change a stage by itself',
    wants: 'the rights of gatehouse_worker and no others',
    next: 'make a login that is granted gatehouse_worker and nothing else',
  });
}

async function rightsOf(db: Db): Promise<Rights> {
  const { rows } = await db.query<Rights>(RIGHTS);
  return rows[0] as Rights;
}

function powers({ superuser, owner }: Rights): string[] {
  if (superuser) return ['is a superuser'];
  return owner ? ['owns the schema'] : [];
}

function limited(verb: string, names: readonly string[] | null): string[] {
  if (!names || names.length === 0) return [];
  return [`${verb} ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`];
}
