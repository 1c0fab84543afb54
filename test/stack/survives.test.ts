import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOST } from '../../dev/ports.js';
import { readRecord, recordOf, startOf, writeRecord } from '../../dev/process-record.js';
import { decide, GATE_PEOPLE, PEOPLE, promote, registerExample, soundWith, stageOf, status } from '../support/promotion.js';
import { EXAMPLE, eventually, up, type Ran, type RunningStack } from '../support/stack.js';
import { MAY_MOUNT, mount, unmount } from './mounted.js';

const PARTS = ['worker', 'temporal', 'postgres'] as const;
let base: string;
let dir: string;
let stack: RunningStack;
let mounted = false;
const others: (ChildProcess | Server)[] = [];

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'gatehouse-survives-'));
  chmodSync(base, 0o755);
  dir = join(base, `ä b?c#d%20&'e`, 'f'.repeat(120));
  mounted = MAY_MOUNT && mount(dir, 'size=200m,mode=755');
  stack = await up(dir);
  await registerExample(stack);
  for (const version of ['1.2.0', '1.4.0'])
    await stack.json(0, 'register', join(EXAMPLE, 'packages', version), '--approver', PEOPLE.mlops);
}, 180_000);
afterAll(async () => {
  for (const other of others) if ('kill' in other) other.kill();
  try {
    await stack.stop();
    // As root PostgreSQL's data may lie outside.
    rmSync(dirname(stack.connection.postgres.dataDir), { recursive: true, force: true });
  } finally {
    if (mounted) unmount(dir);
    rmSync(base, { recursive: true, force: true });
  }
});

/** The process of a part, as soon as there is one: a part that died is being started again. */
const pidOf = (part: (typeof PARTS)[number] | 'stack'): Promise<number> =>
  eventually(() => Promise.resolve(readRecord(join(stack.dir, 'run', `${part}.json`), stack.dir)?.pid));
const pidsOf = (parts: readonly (typeof PARTS)[number][]): Promise<number[]> => Promise.all(parts.map(pidOf));
const children = (pid: number): number[] =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split(/\s+/)
    .filter(Boolean)
    .map(Number);

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  // 0 and -1 are no processes but groups, the test's own among them.
  if (pids.some((pid) => !(pid > 1))) throw new RangeError(`no processes: ${pids.join()}`);
  for (const pid of pids) process.kill(pid, name);
}

function expectAway({ code, stderr }: Ran): void {
  expect(stderr).toMatch(/^6: (PostgreSQL|Temporal) on .* does not answer.*\n$/);
  expect(code).toBe(6);
}

async function kill(...pids: number[]): Promise<void> {
  signal(pids, 'SIGKILL');
  await eventually(() => Promise.resolve(pids.every((pid) => startOf(pid) === undefined)));
}

it('keeps all it writes in its directory, whatever that is called', () => {
  expect(readdirSync(base)).toEqual([`ä b?c#d%20&'e`]);
  expect(existsSync(join(stack.dir, 'temporal.db'))).toBe(true);
});

it('goes on by itself after PostgreSQL and Temporal were away, and verbs say which one is', async () => {
  await stack.json(0, ...promote('1.2.0', 'registered', 'staging'));
  const postmaster = await pidOf('postgres');
  const postgres = [postmaster, ...children(postmaster)];
  signal(postgres, 'SIGSTOP');
  const [gate, person] = GATE_PEOPLE[0];
  const during = await Promise.all([stack.cli('status'), stack.cli(...decide('approve', '1.2.0', gate, person))]);
  signal(postgres, 'SIGCONT');
  during.forEach(expectAway);
  await eventually(async () => (await stageOf(stack, '1.2.0')) === 'staging', 60_000);

  const temporal = await pidOf('temporal');
  signal([temporal], 'SIGSTOP');
  const refused = await stack.cli(...decide('approve', '1.2.0', gate, person));
  signal([temporal], 'SIGCONT');
  expectAway(refused);
  await eventually(async () => (await stack.cli(...decide('approve', '1.2.0', gate, person))).code === 0, 60_000);
  const { events } = await stack.json<{ events: { action: string; detail: { to?: string } }[] }>(0, 'audit', 'list');
  expect(events.filter(({ action, detail }) => action === 'stage.changed' && detail.to === 'staging')).toHaveLength(1);
  expect((await status(stack)).versions[0]?.promotion?.gates.filter(({ state }) => state === 'approved')).toHaveLength(1);
}, 120_000);

it('outlives a session of PostgreSQL that is killed', async () => {
  await kill(children(await pidOf('postgres')).at(-1) ?? 0);
  await eventually(async () => (await stack.cli('audit', 'verify')).code === 0);
  await soundWith(stack, null);
});

it.runIf(MAY_MOUNT)(
  'says in one line that the disk is full, and goes on when it is not',
  async () => {
    const before = await status(stack);
    const fill = join(stack.dir, 'fill');
    const file = openSync(fill, 'w');
    const piece = Buffer.alloc(4096);
    expect(() => {
      for (;;) writeSync(file, piece);
    }).toThrow('ENOSPC');
    closeSync(file);
    const ran = await stack.cli('register', join(EXAMPLE, 'packages', '1.5.0'), '--approver', PEOPLE.mlops);
    rmSync(fill);
    expect(ran.code).toBe(6);
    expect(ran.stderr).toMatch(/^6: .*no space left on device.*\n$/);
    await eventually(async () => (await stack.cli(...promote('1.4.0', 'registered', 'staging'))).code === 0, 60_000);
    await eventually(async () => (await stageOf(stack, '1.4.0')) === 'staging', 90_000);
    expect((await status(stack)).versions.find(({ version }) => version === '1.2.0')).toMatchObject({
      promotion: { gates: before.versions.find(({ version }) => version === '1.2.0')?.promotion?.gates },
    });
    await soundWith(stack, null);
  },
  180_000,
);

it('after everything was killed: starts with what is on the record, kills no stranger, and takes other ports', async () => {
  const { stage } = (await status(stack)).versions[0] ?? {};
  const { connection } = stack;
  const all = [await pidOf('stack'), ...(await pidsOf(PARTS))];
  signal(all, 'SIGSTOP');
  await kill(stack.pid, ...all);
  // Their numbers belong to other programs by now.
  const owner = process.getuid?.() === 0 ? Number(execFileSync('stat', ['-c', '%u', connection.postgres.dataDir])) : undefined;
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore', uid: owner });
  others.push(stranger);
  const pid = stranger.pid as number;
  for (const part of ['stack', ...PARTS])
    writeRecord(join(dir, 'run', `${part}.json`), { ...recordOf(pid, dir), started: 'once' });
  const note = join(connection.postgres.dataDir, 'postmaster.pid');
  writeFileSync(note, readFileSync(note, 'utf8').replace(/^\d+/, String(pid)));
  writeFileSync(join(dir, 'connection.json'), '{"environment": "deve');
  const taken = [Number(new URL(connection.readUrl).port), Number(connection.temporal.address.split(':')[1])];
  for (const port of taken) {
    const other = createServer().listen(port, HOST);
    others.push(other);
    await once(other, 'listening');
  }
  stack = await up(dir);
  expect(startOf(pid)).toBeDefined();
  expect(taken).not.toContain(Number(new URL(stack.connection.readUrl).port));
  expect(taken).not.toContain(Number(stack.connection.temporal.address.split(':')[1]));
  expect(stack.printed()).toMatch(/PostgreSQL listens on \d+/);
  expect((await status(stack)).versions[0]?.stage).toBe(stage);
  await soundWith(stack, null);
  for (const other of others) if ('close' in other) other.close();
}, 120_000);

it('stops what a killed stack left running, also a PostgreSQL that nobody wrote down', async () => {
  const left = await pidsOf(PARTS);
  const killed = await pidOf('stack');
  // Stopped first: it ends its parts in good order as soon as it notices that its own parent is gone.
  signal([killed], 'SIGSTOP');
  await kill(stack.pid, killed);
  expect(left.map(startOf)).not.toContain(undefined);
  rmSync(join(stack.dir, 'run', 'postgres.json'));
  stack = await up(stack.dir);
  expect(left.map(startOf)).toEqual([undefined, undefined, undefined]);
  expect(stack.printed()).toContain('stopped a PostgreSQL that was left running');
  await soundWith(stack, null);
}, 120_000);
