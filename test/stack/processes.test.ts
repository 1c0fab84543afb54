import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepRunning } from '../../dev/keep-running.js';
import type { Part } from '../../dev/start-options.js';
import { markStopping, releaseLock, takeLock } from '../../dev/lock.js';
import { endRecorded, readRecord, recordOf, startOf, writeRecord } from '../../dev/process-record.js';
import { launch, type Launch } from '../../dev/process.js';

let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-processes-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

function sleeper(): number {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  children.push(child);
  return child.pid as number;
}

const never = new AbortController().signal;

function program(script: string, more: Partial<Launch> = {}): Launch {
  return {
    name: 'the program',
    command: process.execPath,
    args: ['-e', script],
    env: process.env,
    dataDir: dir,
    record: join(dir, 'program.json'),
    log: join(dir, 'program.log'),
    ready: async (signal, printed) => {
      while (!printed().includes('ready')) await delay(20, undefined, { signal });
    },
    readyWithinMs: 10_000,
    stopSignal: 'SIGTERM',
    graceMs: 2_000,
    ...more,
  };
}

describe('a record of a process', () => {
  it('means that process and no other that gets its number, nor one of a copied directory', () => {
    const file = join(dir, 'p.json');
    const record = recordOf(sleeper(), dir);
    writeRecord(file, record);
    expect(readRecord(file, dir)).toEqual(record);
    expect(readRecord(file, '/a/copy')).toBeUndefined();
    writeRecord(file, { ...record, started: 'at another time' });
    expect(readRecord(file, dir)).toBeUndefined();
    writeFileSync(file, '{"pid":');
    expect(readRecord(file, dir)).toBeUndefined();
  });

  it('ends the process, by force when it does not listen', async () => {
    const file = join(dir, 'p.json');
    const pid = await launch(
      program(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')`),
      never,
    );
    writeRecord(file, recordOf(pid.pid, dir));
    expect(await endRecorded(file, dir, 'SIGTERM', 300)).toBe(true);
    expect(startOf(pid.pid)).toBeUndefined();
    expect(await endRecorded(file, dir, 'SIGTERM', 300)).toBe(false);
  });
});

describe('the lock of a data directory', () => {
  it('is refused while its holder lives, and taken from a dead one', async () => {
    const file = join(dir, 'stack.json');
    const holder = recordOf(sleeper(), dir);
    writeRecord(file, holder);
    expect(await takeLock(file, dir)).toEqual(holder);
    await endRecorded(file, dir, 'SIGKILL', 0);
    writeRecord(file, holder);
    expect(await takeLock(file, dir)).toBeUndefined();
    expect(readRecord(file, dir)?.pid).toBe(process.pid);
  });

  it('is waited for when its holder is stopping', async () => {
    const file = join(dir, 'stack.json');
    markStopping(file, dir);
    const taken = takeLock(file, dir);
    await delay(1_500);
    releaseLock(file);
    expect(await taken).toBeUndefined();
  });
});

describe('a process of the stack', () => {
  it('that fails says why, and leaves nothing', async () => {
    const failing = launch(
      program(`console.error('FATAL: no such thing'); console.error('    at somewhere'); process.exit(3)`),
      never,
    );
    await expect(failing).rejects.toThrow(/the program did not start: it ended with code 3; it wrote: FATAL: no such thing/);
    expect(existsSync(join(dir, 'program.json'))).toBe(false);
  });

  it('that does not exist says so', async () => {
    await expect(launch(program('', { command: join(dir, 'none') }), never)).rejects.toThrow(/did not start.*ENOENT/);
  });

  it('that cannot be written down does not run', async () => {
    const record = join(dir, 'none', 'program.json');
    const file = join(dir, 'pid');
    const script = `require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000); console.log('ready')`;
    await expect(launch(program(script, { record }), never)).rejects.toThrow(/the program did not start: ENOENT/);
    await delay(500);
    if (existsSync(file)) expect(startOf(Number(readFileSync(file, 'utf8')))).toBeUndefined();
  });

  it('is ended at once when stopping gets in a hurry', async () => {
    const hurry = new AbortController();
    const deaf = program(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')`, {
      graceMs: 600_000,
    });
    const running = await launch(deaf, never, hurry.signal);
    const ended = running.end();
    hurry.abort();
    await ended;
    expect(startOf(running.pid)).toBeUndefined();
  });

  it('that is not ready in time is ended', async () => {
    const slow = launch(program('setInterval(() => {}, 1000)', { readyWithinMs: 300 }), never);
    await expect(slow).rejects.toThrow(/not ready within 0.3 s/);
    expect(existsSync(join(dir, 'program.json'))).toBe(false);
  });

  it('is ended when the start is given up', async () => {
    const giveUp = new AbortController();
    const starting = launch(program('setInterval(() => {}, 1000)'), giveUp.signal);
    setTimeout(() => giveUp.abort(new Error('asked to stop')), 200);
    await expect(starting).rejects.toThrow('asked to stop');
    expect(existsSync(join(dir, 'program.json'))).toBe(false);
  });

  it('is started again when it dies, with a pause that doubles, until it is stopped', async () => {
    const said: string[] = [];
    const parts: Part[] = [];
    const count = join(dir, 'count');
    const script = `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(count)}, 'x');
      console.log('ready'); if (fs.readFileSync(${JSON.stringify(count)}).length < 3) setTimeout(() => process.exit(1), 100); else setInterval(() => {}, 1000);`;
    await keepRunning(program(script), { signal: never, say: (line) => said.push(line), keep: (part) => parts.push(part) });
    for (let waited = 0; said.length < 4 && waited < 100; waited += 1) await delay(100);
    expect(said).toEqual([
      'the program is away (it ended with code 1); starting it again in 1 s',
      'the program runs again',
      'the program is away (it ended with code 1); starting it again in 2 s',
      'the program runs again',
    ]);
    const { pid } = JSON.parse(readFileSync(join(dir, 'program.json'), 'utf8')) as { pid: number };
    await parts[0]?.stop();
    expect(startOf(pid)).toBeUndefined();
    expect(said).toHaveLength(4);
  });
});
