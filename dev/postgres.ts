import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { OwnerFile } from '../platform/connection-file.js';
import { keepRunning } from './keep-running.js';
import { HOST, startOnPorts } from './ports.js';
import { DATABASE, initialise, LOGINS, loginUrl, postgresEnvironment, writeOwner } from './postgres-init.js';
import { postgresPlace, type PostgresPlace } from './postgres-place.js';
import { clearPostmaster } from './postmaster.js';
import type { Launch } from './process.js';
import type { StartOptions } from './start-options.js';

const DEFAULT_PORT = 54_329;

/** The embedded server with its logins. */
export interface Postgres {
  readonly place: PostgresPlace;
  readonly owner: OwnerFile;
  readonly workerUrl: string;
  readonly readUrl: string;
  /** The login that a serving system writes its predictions down with. */
  readonly servingUrl: string;
}

/** Starts PostgreSQL on the data directory, making data, database and logins where they are not there yet. */
export async function startPostgres(options: StartOptions): Promise<Postgres> {
  const { paths, say } = options;
  const log = join(paths.logs, 'postgres.log');
  const place = await postgresPlace(paths, options.config.cacheDir, say);
  const passwords = await initialise(paths, place, log, options.signal);
  const record = join(paths.run, 'postgres.json');
  if (await clearPostmaster({ dataDir: place.dataDir, root: paths.root, record }))
    say('stopped a PostgreSQL that was left running');
  const [port = 0] = await startOnPorts({ PostgreSQL: options.freePorts ? undefined : DEFAULT_PORT }, say, (chosen) =>
    keepRunning(serverOn(chosen, { place, passwords, log, record, root: paths.root }), options),
  );
  const maintenance = loginUrl('superuser', passwords, port, 'postgres');
  await asSuperuser(maintenance, (client) => makeLogins(client, passwords));
  const owner = writeOwner(paths, passwords, port);
  const [workerUrl, readUrl, servingUrl] = (['worker', 'reader', 'serving'] as const).map((login) =>
    loginUrl(login, passwords, port),
  ) as [string, string, string];
  return { place, owner, workerUrl, readUrl, servingUrl };
}

interface Server {
  readonly place: PostgresPlace;
  readonly passwords: OwnerFile['passwords'];
  readonly log: string;
  readonly record: string;
  readonly root: string;
}

function serverOn(port: number, { place, passwords, log, record, root }: Server): Launch {
  const settings = { listen_addresses: HOST, unix_socket_directories: '', timezone: 'UTC', log_timezone: 'UTC' };
  return {
    name: 'PostgreSQL',
    command: join(place.binDir, 'postgres'),
    args: [
      '-D',
      place.dataDir,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    env: postgresEnvironment(),
    ...(place.account && { user: { uid: place.account.uid, gid: place.account.gid } }),
    dataDir: root,
    record,
    log,
    ready: (within) => answers(loginUrl('superuser', passwords, port, 'postgres'), within),
    readyWithinMs: 60_000,
    stopSignal: 'SIGINT',
    // Unlike a kill it ends the sessions too; the next start recovers from the log.
    quickSignal: 'SIGQUIT',
    graceMs: 60_000,
  };
}

/** Gives the logins their groups, which the migrations have made. */
export async function grantGroups(superuserUrl: string): Promise<void> {
  await asSuperuser(superuserUrl, async (client) => {
    for (const group of ['owner', 'worker', 'reader', 'serving'] as const)
      await client.query(`GRANT gatehouse_${group} TO ${LOGINS[group]}`);
  });
}

/** The installation's environment, as its record says. */
export async function environmentOf(superuserUrl: string): Promise<'development' | 'production'> {
  return await asSuperuser(superuserUrl, async (client) => {
    const { rows } = await client.query<{ environment: 'development' | 'production' }>('SELECT environment FROM installation');
    return rows[0]?.environment ?? 'development';
  });
}

async function makeLogins(client: pg.Client, passwords: OwnerFile['passwords']): Promise<void> {
  for (const login of ['owner', 'worker', 'reader', 'serving'] as const) {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [LOGINS[login]]);
    const rights = login === 'owner' ? 'LOGIN CREATEROLE' : 'LOGIN';
    await client.query(`${rowCount ? 'ALTER' : 'CREATE'} ROLE ${LOGINS[login]} ${rights} PASSWORD '${passwords[login]}'`);
  }
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
  if (!rowCount) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${LOGINS.owner} ENCODING 'UTF8' TEMPLATE template0`);
}

async function answers(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await asSuperuser(url, async (client) => void (await client.query('SELECT 1')));
    } catch (error) {
      // 28P01: it runs and refuses our password, so waiting would not help.
      if ((error as { code?: string }).code === '28P01') throw error;
      await delay(50, undefined, { signal });
    }
  }
}

async function asSuperuser<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'gatehouse stack' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}
