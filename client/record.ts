import { closest, distance } from 'fastest-levenshtein';
import type pg from 'pg';
import { MODEL_NAME, SEMVER, suggestVersion, type VersionName } from '../domain/ids.js';
import type { Stage } from '../domain/progress.js';
import type { Refusal } from '../domain/refusal.js';
import { printable, Refused } from './output.js';

/** The record, opened for reading. */
export interface RecordReader {
  readonly db: pg.Pool;
  readonly close: () => Promise<void>;
}

/** A version on the record, and its newest attempt where there is one. */
export interface KnownVersion extends VersionName {
  readonly status: Stage;
  readonly attempt: { readonly id: string; readonly state: Stage } | null;
}

const ANSWERS_WITHIN_MS = 6_000;
const NO_RIGHT = '42501';
const NAMES_SHOWN = 20;
const NAMES_COMPARED = 1_000;

/** What PostgreSQL's own codes mean for somebody at the terminal. */
const MEANINGS: Readonly<Record<string, string>> = {
  '28P01': 'refuses this login',
  '28000': 'refuses this login',
  '3D000': 'has no such database',
  '42883': 'has no record of this release; gatehouse migrate makes it',
  '42P01': 'has no record of this release; gatehouse migrate makes it',
};

/** Opens the record; throws a Refused that names PostgreSQL and its address, without a password, when it does not answer within 10 s. */
export async function openRecord({ readUrl }: { readonly readUrl: string }): Promise<RecordReader> {
  const { openPool } = await import('../platform/pool.js');
  const db = openPool(readUrl, 'gatehouse', { max: 4, connectTimeoutMs: 5_000 });
  try {
    await within(ANSWERS_WITHIN_MS, db.query('SELECT gatehouse_now()'));
  } catch (error) {
    void db.end();
    throw new Refused(recordAway(readUrl, error));
  }
  return { db, close: () => db.end() };
}

/** What a failed conversation with PostgreSQL means: which server and why; never a password. `variable` is where its address came from. */
export function recordAway(url: string, error: unknown, variable = 'GATEHOUSE_READ_URL'): Refusal {
  const { code = '', message = '', severity } = error as { code?: string; message?: string; severity?: string };
  const { hostname, port, pathname } = new URL(url);
  const place = `PostgreSQL on ${hostname}:${port || 5432}${pathname}`;
  if (code === NO_RIGHT) return { kind: 'identity', what: `${place}: the login of ${variable} may not do this`, given: message };
  const otherwise = `${severity ? 'refuses what it is asked' : 'does not answer'}: ${message || code || 'no reason given'}`;
  const next = `check that it runs and that ${variable} is right, then try again`;
  return { kind: 'away', what: `${place} ${MEANINGS[code] ?? otherwise}`, next };
}

/** What `work` gives, or an error when that takes longer than a limit. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The named model, when its name has the form of one; throws a Refused (2) otherwise. */
export function modelName(given: string): string {
  if (MODEL_NAME.test(given)) return given;
  throw new Refused({
    kind: 'usage',
    what: '--model-name',
    given: shown(given),
    allowed: '[a-z0-9_-]{1,64}',
    next: 'write the name as it is registered',
  });
}

/** The version, when it is semver; throws a Refused (2) that suggests what was meant otherwise. */
export function versionName(given: string): string {
  if (SEMVER.test(given)) return given;
  const meant = suggestVersion(given);
  throw new Refused({
    kind: 'usage',
    what: '--version',
    given: shown(given),
    allowed: 'semver, such as 1.2.0',
    next: meant === undefined ? 'write major.minor.patch' : `did you mean ${meant}?`,
  });
}

/** The version on the record; throws a Refused (2) that lists what is known when the model or the version is not registered. */
export async function findVersion(db: Pick<pg.Pool, 'query'>, { model, version }: VersionName): Promise<KnownVersion> {
  const { rows } = await db.query<{ status: Stage; id: string | null; state: Stage | null }>(
    `SELECT v.status, p.id, p.state
       FROM model_registry m JOIN model_version_detail v ON v.model_id = m.id
       LEFT JOIN LATERAL (SELECT id, state FROM promotion WHERE model_id = v.model_id AND version = v.version
                           ORDER BY attempt DESC LIMIT 1) p ON true
      WHERE m.name = $1 AND v.version = $2`,
    [model, version],
  );
  const row = rows[0];
  if (!row) throw new Refused(await unknown(db, { model, version }));
  return {
    model,
    version,
    status: row.status,
    attempt: row.id === null || row.state === null ? null : { id: row.id, state: row.state },
  };
}

/** Throws a Refused (2) that lists the known models when the model is not registered. */
export async function findModel(db: Pick<pg.Pool, 'query'>, model: string): Promise<void> {
  const { rows } = await db.query('SELECT 1 FROM model_registry WHERE name = $1', [model]);
  if (rows.length === 0) throw new Refused(await unknown(db, { model, version: '' }));
}

async function unknown(db: Pick<pg.Pool, 'query'>, { model, version }: VersionName): Promise<Refusal> {
  const { rows } = await db.query<{ name: string; versions: string[] | null }>(
    `SELECT m.name, (SELECT array_agg(v.version ORDER BY v.registered_at) FROM model_version_detail v WHERE v.model_id = m.id) AS versions
       FROM model_registry m ORDER BY m.name = $1 DESC, m.name LIMIT ${NAMES_COMPARED}`,
    [model],
  );
  const found = rows.find(({ name }) => name === model);
  const [what, given, known, names] = found
    ? [`${model} ${version} is not registered`, version, 'known versions', found.versions ?? []]
    : [`model "${model}" is not registered`, model, 'known', rows.map(({ name }) => name)];
  const next = [nearest(given, names), 'gatehouse register DIR'].filter(Boolean).join(' or ');
  return { kind: 'usage', what, given, allowed: list(known, names), next };
}

/** "did you mean …?" where one of the names is near what was given. */
function nearest(given: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const meant = closest(given, names);
  return distance(given, meant) <= Math.max(2, meant.length / 3) ? `did you mean ${meant}?` : undefined;
}

function list(what: string, names: readonly string[]): string {
  const more = names.length > NAMES_SHOWN ? ', …' : '';
  return `${what}: ${names.slice(0, NAMES_SHOWN).join(', ') || 'none yet'}${more}`;
}

/** A value as an error shows it: short, in quotes, with control characters escaped. */
export function shown(given: string): string {
  return `"${printable(given, 80)}"`;
}
