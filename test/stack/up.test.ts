import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecord } from '../../dev/process-record.js';
import { readConnection } from '../../platform/connection-file.js';
import { packageRoot } from '../../platform/entry.js';

let dir: string;
let postgres = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-up-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
  if (postgres) rmSync(dirname(postgres), { recursive: true, force: true });
});

interface Up {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly out: () => string;
  readonly err: () => string;
}

function up(...flags: string[]): Up {
  const cli = join(packageRoot(), 'dist', 'cli.js');
  const child = spawn(process.execPath, [cli, 'up', '--data-dir', dir, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, out: () => printed.out, err: () => printed.err };
}

/** A stack gives its parts 105 s to end before it ends them, and a slow machine is no failure. */
const PATIENCE_MS = 110_000;

async function until(met: () => boolean, what: () => string): Promise<void> {
  for (const since = Date.now(); !met(); await delay(50)) {
    if (Date.now() - since > PATIENCE_MS) throw new Error(what());
  }
}

describe('gatehouse up', { timeout: 2 * PATIENCE_MS + 20_000 }, () => {
  it('leaves a directory that the next start can use when it is stopped in the middle of the first', async () => {
    const run = up();
    await until(() => run.out() !== '', run.err);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    expect(run.err()).toBe('');
    expect(readdirSync(join(dir, 'run'))).toEqual([]);
  });

  it('prints one document when ready, refuses a second start with all addresses, and stops at once at the second Ctrl-C', async () => {
    const run = up('--json');
    await until(() => run.out().includes('\n'), run.err);
    const document = JSON.parse(run.out()) as { temporal: { uiUrl: string }; postgres: string };
    const connection = readConnection(dir);
    postgres = connection?.postgres.dataDir ?? '';
    expect(document).toMatchObject({ dataDir: dir, temporal: connection?.temporal, people: connection?.people });
    expect(run.out() + run.err()).not.toContain(new URL(connection?.readUrl ?? '').password);

    const written = readFileSync(join(dir, 'connection.json'), 'utf8');
    const pid = readRecord(join(dir, 'run', 'stack.json'), dir)?.pid ?? 0;
    const second = up();
    expect(await second.ended).toBe(5);
    expect(second.err()).toMatch(/^5: a stack runs on .*\n$/);
    const { host } = new URL(connection?.readUrl ?? '');
    for (const said of [dir, document.temporal.uiUrl, connection?.temporal.address ?? '', host, `process ${pid}`])
      expect(second.err()).toContain(said);
    const third = up('--json');
    expect(await third.ended).toBe(5);
    expect(JSON.parse(third.out())).toMatchObject({ ...document, pid, error: { code: 5 } });
    writeFileSync(join(dir, 'connection.json'), written.slice(0, 40));
    const fourth = up();
    expect(await fourth.ended).toBe(5);
    expect(fourth.err()).toContain(`process ${pid}`);
    expect(readRecord(join(dir, 'run', 'stack.json'), dir)?.pid).toBe(pid);

    run.child.kill('SIGTERM');
    await delay(400);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    // A stack that is quick to stop has nothing left to hurry.
    expect(run.err()).toMatch(/\nstopping; once more.*\n(.*\n)*(stopping at once.*\n(.*\n)*)?stopped PostgreSQL\n$/);
    expect(readdirSync(join(dir, 'run'))).toEqual([]);
    expect(existsSync(join(dir, 'connection.json'))).toBe(false);
    expect(run.out().trim().split('\n')).toHaveLength(1);
  });

  it('ends the stack also when it is killed itself', async () => {
    const run = up();
    await until(() => run.out().includes('Ctrl-C stops it.'), run.err);
    for (const { email } of readConnection(dir)?.people ?? []) expect(run.out()).toContain(email);
    run.child.kill('SIGKILL');
    await run.ended;
    const lives = (part: string): boolean => readRecord(join(dir, 'run', `${part}.json`), dir) !== undefined;
    await until(
      () => !['stack', 'worker', 'temporal', 'postgres'].some(lives),
      () => readFileSync(join(dir, 'logs/stack.log'), 'utf8'),
    );
    expect(existsSync(join(dir, 'connection.json'))).toBe(false);
  });
});
