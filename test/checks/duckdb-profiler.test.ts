import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DataTask } from '../../activities/checks/data-child.js';
import { openDatabase } from '../../activities/checks/data/duckdb.js';
import { createDataProfiler } from '../../activities/checks/duckdb-profiler.js';
import type { ProfileRequest } from '../../activities/ports.js';
import { entry } from '../../platform/entry.js';
import { csv, FEATURES, parquet } from './data-sets.js';
import { temporaryDirectory } from './temporary.js';

let directory: string;
beforeEach(async () => {
  directory = await realpath(await temporaryDirectory());
  vi.stubEnv('TMPDIR', directory);
});
afterEach(() => vi.unstubAllEnvs());

async function requestOf(training = csv(0, 200), folder = directory): Promise<ProfileRequest> {
  const label = { name: 'ill', positive: null };
  const paths = { training: join(folder, 'training'), holdout: join(folder, 'holdout') };
  await writeFile(paths.training, training);
  await writeFile(paths.holdout, csv(1_000, 1_020));
  return { training: { path: paths.training, label }, holdout: { path: paths.holdout, label }, features: FEATURES };
}

const leftBehind = async () => (await readdir(directory)).filter((name) => name.startsWith('gatehouse-data-'));
const node = (code: string) => ({ process: { command: process.execPath, args: ['-e', code] } });

test('profiles in a process of its own, and leaves nothing behind', async () => {
  const profile = await createDataProfiler().profile(await requestOf());
  expect(profile).toMatchObject({ figures: { rows: 200, duplicates: 0 }, overlap: { rows: 20, shared: 0 } });
  expect(await leftBehind()).toEqual([]);
});

test('a path is taken as it is written', async () => {
  const folder = join(directory, "o'd[d] *?");
  await mkdir(folder);
  await mkdir(join(directory, "o'dd x"));
  expect(await createDataProfiler().profile(await requestOf(csv(0, 7), folder))).toMatchObject({ figures: { rows: 7 } });
});

test('quoted line breaks that look like rows are none, also in a file of many buffers', async () => {
  const rows = 300_000;
  const lines = Array.from({ length: rows }, (_, at) => `${at},${at},"x\n${at},1,zz,true,1\n9,1,""q"",true,0\n",true,${at % 2}`);
  const profile = await createDataProfiler().profile(await requestOf(`age,visits,ward,male,ill\n${lines.join('\n')}\n`));
  expect(profile.training.ok).toBe(true);
  expect(profile.figures).toMatchObject({ rows, duplicates: 0, classes: { positives: rows / 2, negatives: rows / 2 } });
});

test('counts the same with too little memory for the rows', async () => {
  const path = await parquet(
    `SELECT i::FLOAT AS age, i::BIGINT AS visits, repeat('ward ', 20) || (i % 400000) AS ward, true AS male, 1 AS ill
       FROM (SELECT range % 400000 AS i FROM range(800000))`,
  );
  const request = await requestOf();
  const { figures } = await createDataProfiler({ allowance: { memoryMb: 150 } }).profile({
    ...request,
    training: { ...request.training, path },
  });
  expect(figures).toMatchObject({ rows: 800_000, duplicates: 400_000, classes: { positives: 800_000 } });
  expect(await leftBehind()).toEqual([]);
});

describe('a process that gives no answer is an error, and leaves nothing behind', () => {
  test.each([
    ['is killed', 'process.kill(process.pid, "SIGKILL")', 'the data process was killed by SIGKILL'],
    ['ends', 'console.error("no room"); process.exit(7)', 'the data process ended with code 7: no room'],
    ['prints too much', 'process.stdout.write("x".repeat(17e6))', 'answered too much'],
    ['takes too long', 'setInterval(() => {}, 1000)', 'took longer than 1500 ms'],
  ])('%s', async (_, code, reason) => {
    const profiler = createDataProfiler({ ...node(code), timeoutMs: 1_500 });
    await expect(profiler.profile(await requestOf())).rejects.toThrow(reason);
    expect(await leftBehind()).toEqual([]);
  });

  test('cannot be started', async () => {
    const profiler = createDataProfiler({ process: { command: '/nowhere', args: [] } });
    await expect(profiler.profile(await requestOf())).rejects.toThrow('ENOENT');
  });

  test('is cancelled', async () => {
    const abort = new AbortController();
    const profiler = createDataProfiler(node('setInterval(() => {}, 1000)'));
    const profiled = profiler.profile(await requestOf(), abort.signal);
    abort.abort(new Error('nobody waits'));
    await expect(profiled).rejects.toThrow('nobody waits');
    expect(await leftBehind()).toEqual([]);
  });

  test('has too little memory for anything', async () => {
    const profiler = createDataProfiler({ allowance: { memoryMb: 1 } });
    await expect(profiler.profile(await requestOf())).rejects.toThrow('Out of Memory Error');
  });
});

test('a data process is not handed the environment', async () => {
  vi.stubEnv('GATEHOUSE_DATABASE_URL', 'secret');
  const profiler = createDataProfiler(node('console.error(Object.keys(process.env).join()); process.exit(3)'));
  await expect(profiler.profile(await requestOf())).rejects.toThrow(/code 3(: (?!.*GATEHOUSE).*)?$/);
});

test('a data process whose worker is gone ends, and clears up', async () => {
  const cwd = await mkdtemp(join(directory, 'gatehouse-data-'));
  const { command, args } = entry('data-process');
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(existsSync(cwd)).toBe(false);
});

test('nor does one wait that is in the middle of an answer', async () => {
  const path = await parquet('SELECT i::FLOAT AS age, 1 AS ill FROM range(500000) r(i)');
  const cwd = await mkdtemp(join(directory, 'gatehouse-data-'));
  const { command, args } = entry('data-process');
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  const allowance = { memoryMb: 200, threads: 1, spillMb: 10 };
  const task: DataTask = { kind: 'lines', request: { path, features: ['age'], label: 'ill' }, allowance };
  child.stdin.write(`${JSON.stringify(task)}\n`);
  await once(child.stdout, 'readable');
  child.stdout.destroy();
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(existsSync(cwd)).toBe(false);
});

test.each([
  `SELECT * FROM read_csv('/etc/hostname')`,
  `COPY (SELECT 1) TO 'out.csv'`,
  `ATTACH 'other.db'`,
  `INSTALL spatial`,
  `LOAD httpfs`,
  `SELECT * FROM read_parquet('https://example.com/a.parquet')`,
  `SET enable_external_access = true`,
  `SET memory_limit = '100GB'`,
])('%s is refused', async (sql) => {
  const { training } = await requestOf();
  const database = await openDatabase([training.path], directory, { memoryMb: 100, threads: 1, spillMb: 10 });
  expect(await database.row(`SELECT count(*) AS rows FROM read_csv('${training.path}')`)).toEqual({ rows: '200' });
  await expect(database.query(sql)).rejects.toThrow(/disabled|Permission|locked|not found|configuration/i);
});
