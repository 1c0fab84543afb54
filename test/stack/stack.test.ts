import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Refused } from '../../client/output.js';
import { startStack, type Stack } from '../../client/stack.js';
import { readRecord } from '../../dev/process-record.js';
import { temporalBinary } from '../../dev/temporal-binary.js';
import { readStackConfig } from '../../platform/config.js';
import { readConnection, readOwnerFile } from '../../platform/connection-file.js';
import { packageRoot } from '../../platform/entry.js';

const PARTS = ['stack', 'serving', 'worker', 'temporal', 'postgres'] as const;
let dir: string;
let stack: Stack;
let installation: unknown;
let lines: string[] = [];

beforeAll(async () => {
  dir = join(mkdtempSync(join(tmpdir(), 'gatehouse-stack-')), 'data');
  stack = await start();
});
afterAll(async () => {
  await stack.stop();
  rmSync(dirname(dir), { recursive: true });
  rmSync(dirname(stack.connection.postgres.dataDir), { recursive: true, force: true });
});

function start(more: { fresh?: boolean } = {}): Promise<Stack> {
  lines = [];
  return startStack({ dataDir: dir, freePorts: true, onLine: (line) => lines.push(line), ...more });
}

const mode = (name: string): string => (statSync(join(dir, name)).mode & 0o777).toString(8);
const pidOf = (part: (typeof PARTS)[number]): number | undefined => readRecord(join(dir, 'run', `${part}.json`), dir)?.pid;

async function until(met: () => boolean): Promise<void> {
  for (let waited = 0; !met(); waited += 100) {
    if (waited > 30_000) throw new Error(`still not: ${met.toString()}\n${lines.join('\n')}`);
    await delay(100);
  }
}

async function query(url: string, statement: string): Promise<pg.QueryResult<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

it('keeps what it writes to its user', () => {
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  for (const file of ['connection.json', 'owner.json', 'temporal.db', 'logs/worker.log']) expect(mode(file), file).toBe('600');
  expect(readConnection(dir)).toEqual(stack.connection);
  expect(Object.keys(stack.connection).sort().join()).toBe(
    'environment,keys,people,postgres,readUrl,serving,sinks,store,temporal,workerUrl',
  );
});

it('gives each login its group and no more', async () => {
  const { readUrl, workerUrl } = stack.connection;
  const owner = readOwnerFile(dir);
  expect((await query(readUrl, 'SELECT id FROM installation')).rows).toHaveLength(1);
  await expect(query(readUrl, 'INSERT INTO envelope DEFAULT VALUES')).rejects.toThrow('permission denied');
  await expect(query(workerUrl, 'CREATE TABLE mine (a int)')).rejects.toThrow('permission denied');
  const members = await query(
    owner?.superuserUrl ?? '',
    `SELECT roleid::regrole::text AS group, member::regrole::text AS login
     FROM pg_auth_members WHERE roleid::regrole::text LIKE 'gatehouse%' AND member::regrole::text LIKE '%_login' GROUP BY 1, 2 ORDER BY 1`,
  );
  expect(members.rows.filter(({ login, group }) => login === `${String(group)}_login`)).toHaveLength(4);
  expect((await query(readUrl, 'SHOW server_encoding')).rows).toEqual([{ server_encoding: 'UTF8' }]);
});

it('has a Temporal namespace that keeps its runs, and knows every search attribute the workflows set', async () => {
  const binary = await temporalBinary(readStackConfig(), new AbortController().signal, () => undefined);
  const { address } = stack.connection.temporal;
  const ask = (...args: string[]): string =>
    execFileSync(binary, ['operator', ...args, '--address', address], { encoding: 'utf8' });
  expect(ask('namespace', 'describe', '--namespace', 'default')).toMatch(/RetentionTtl\s+8760h/);
  const known = ask('search-attribute', 'list', '--namespace', 'default');
  const source = readFileSync(join(packageRoot(), 'workflows', 'search-attributes.ts'), 'utf8');
  const used = [...source.matchAll(/defineSearchAttributeKey\('(\w+)', SearchAttributeType\.(\w+)\)/g)];
  expect(used.length).toBeGreaterThan(0);
  for (const [, name, type] of used) expect(known).toMatch(new RegExp(`${name}\\s+${type?.replace('_', '')}\\b`, 'i'));
  expect((await fetch(stack.connection.temporal.uiUrl)).ok).toBe(true);
});

it('is refused a second time on a data directory, saying where the first one is', async () => {
  const second = await startStack({ dataDir: dir, freePorts: true }).catch((error: unknown) => error);
  expect(second).toBeInstanceOf(Refused);
  expect((second as Refused).refusal).toMatchObject({ kind: 'conflict' });
  expect((second as Refused).refusal.what).toContain(stack.connection.temporal.uiUrl);
  expect(pidOf('stack')).toBeDefined();
});

it('starts each part again that dies', async () => {
  ({
    rows: [installation],
  } = await query(stack.connection.readUrl, 'SELECT id FROM installation'));
  for (const part of ['serving', 'worker', 'temporal', 'postgres'] as const) {
    const pid = pidOf(part);
    if (pid === undefined) throw new Error(`${part} does not run`);
    process.kill(pid, 'SIGKILL');
    await until(() => ![undefined, pid].includes(pidOf(part)));
  }
  await until(() => lines.some((line) => line.startsWith('PostgreSQL runs again')));
  await until(() => lines.some((line) => line.startsWith('Temporal runs again')));
  expect((await query(stack.connection.readUrl, 'SELECT id FROM installation')).rows).toEqual([installation]);
});

it('leaves nothing running when it is killed', async () => {
  const pid = pidOf('stack');
  if (pid === undefined) throw new Error('the stack does not run');
  process.kill(pid, 'SIGKILL');
  await stack.exited;
  for (const part of PARTS) expect(pidOf(part), part).toBeUndefined();
  expect(existsSync(join(dir, 'connection.json'))).toBe(false);
});

it('goes on with the same data at the next start, and ends completely when asked', async () => {
  stack = await start();
  expect(lines.some((line) => line.startsWith('migration'))).toBe(false);
  expect((await query(stack.connection.readUrl, 'SELECT id FROM installation')).rows).toEqual([installation]);
  await stack.stop();
  for (const part of PARTS) expect(pidOf(part), part).toBeUndefined();
  expect(existsSync(join(dir, 'connection.json'))).toBe(false);
  expect(lines.slice(-5)).toEqual([
    'stopped the serving endpoint',
    'stopped the watchdog',
    'stopped the worker',
    'stopped Temporal',
    'stopped PostgreSQL',
  ]);
});

it('stops when told to while it starts', async () => {
  const told = new AbortController();
  const starting = startStack({ dataDir: dir, freePorts: true, signal: told.signal, onLine: () => told.abort() });
  await expect(starting).rejects.toThrow();
  for (const part of PARTS) expect(pidOf(part), part).toBeUndefined();
});

it('does not begin anew on a used data directory whose record is gone', async () => {
  rmSync(stack.connection.postgres.dataDir, { recursive: true });
  const refused = await start().catch((error: unknown) => error);
  expect((refused as Refused).refusal).toMatchObject({ kind: 'away', next: 'put it back, or start on a new data directory' });
  for (const part of PARTS) expect(pidOf(part), part).toBeUndefined();
});

it('begins anew when asked to', async () => {
  const { mail = '' } = stack.connection.sinks;
  appendFileSync(mail, 'of before\n');
  stack = await start({ fresh: true });
  expect(existsSync(mail)).toBe(false);
  expect((await query(stack.connection.readUrl, 'SELECT id FROM installation')).rows).not.toEqual([installation]);
});
