import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readOwnerFile, writePrivateJson, type DataDirPaths, type OwnerFile } from '../platform/connection-file.js';
import { HOST } from './ports.js';
import { StartError } from './start-error.js';
import type { PostgresPlace } from './postgres-place.js';

/** The database of the record on the embedded server. */
export const DATABASE = 'gatehouse';
/** The logins on the embedded server, by what they may do. */
export const LOGINS = {
  superuser: 'postgres',
  owner: 'gatehouse_owner_login',
  worker: 'gatehouse_worker_login',
  reader: 'gatehouse_reader_login',
  serving: 'gatehouse_serving_login',
} as const;

/** The URL of one login; the environment's own TLS settings do not apply to a server on this machine. */
export function loginUrl(
  login: keyof typeof LOGINS,
  passwords: OwnerFile['passwords'],
  port: number,
  database = DATABASE,
): string {
  return `postgres://${LOGINS[login]}:${passwords[login]}@${HOST}:${port}/${database}?sslmode=disable`;
}

/**
 * Makes sure the data directory has passwords and an initialised PostgreSQL, and answers the passwords.
 * Throws when one of the two is gone from a directory that has been used: neither can be made again.
 */
export async function initialise(
  paths: DataDirPaths,
  place: PostgresPlace,
  log: string,
  signal: AbortSignal,
): Promise<OwnerFile['passwords']> {
  const hasData = existsSync(join(place.dataDir, 'PG_VERSION'));
  const known = readOwnerFile(paths.root)?.passwords as Partial<OwnerFile['passwords']> | undefined;
  // A data directory of an earlier release has one login less.
  if (hasData && known) return { ...fresh(), ...known };
  if ([paths.keys, paths.store].some((path) => existsSync(path))) {
    const gone = hasData ? paths.owner : place.dataDir;
    throw new StartError(
      `${gone} is missing, which the rest of ${paths.root} belongs to`,
      'put it back, or start on a new data directory',
    );
  }
  // What is found now belonged to a data directory of this name that was removed, or to a first start that was cut short.
  rmSync(place.dataDir, { recursive: true, force: true });
  const passwords = fresh();
  writeOwner(paths, passwords, 0);
  await initdb(place, passwords.superuser, log, signal);
  return passwords;
}

/** Writes down the owner's logins with the port of this start. */
export function writeOwner(paths: DataDirPaths, passwords: OwnerFile['passwords'], port: number): OwnerFile {
  const owner = { ownerUrl: loginUrl('owner', passwords, port), superuserUrl: loginUrl('superuser', passwords, port), passwords };
  writePrivateJson(paths.owner, owner);
  return owner;
}

async function initdb(
  { binDir, dataDir, account }: PostgresPlace,
  superuser: string,
  log: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = dirname(dataDir);
  // A name of its own: a killed stack's initdb may still be writing.
  const next = `${dataDir}.${process.pid}.new`;
  const secret = join(folder, 'password');
  for (const left of readdirSync(folder).filter((name) => name.endsWith('.new'))) {
    rmSync(join(folder, left), { recursive: true, maxRetries: 5 });
  }
  writeFileSync(secret, `${superuser}\n`, { mode: 0o600 });
  if (account) chownSync(secret, account.uid, account.gid);
  // The locale is PostgreSQL's own, so that text sorts the same on every machine.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const args = [`--pgdata=${next}`, `--username=${LOGINS.superuser}`, `--pwfile=${secret}`, '--auth=scram-sha-256', ...locale];
  const options = { cwd: '/', env: postgresEnvironment(), uid: account?.uid, gid: account?.gid, signal };
  try {
    const { stdout, stderr } = await promisify(execFile)(join(binDir, 'initdb'), args, options);
    appendFileSync(log, stdout + stderr, { mode: 0o600 });
  } finally {
    rmSync(secret, { force: true });
  }
  renameSync(next, dataDir);
}

/** The environment of PostgreSQL's programs: nothing of the user's, whose PG variables may name another server. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function fresh(): OwnerFile['passwords'] {
  const password = () => randomBytes(24).toString('hex');
  return { superuser: password(), owner: password(), worker: password(), reader: password(), serving: password() };
}
