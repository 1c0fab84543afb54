import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLook } from '../../platform/read/look.js';
import type { Status } from '../../platform/read/status.js';
import { cellsOf } from '../../client/width.js';
import { approve, drive, request } from '../read/life.js';
import { lineTo, startInTerminal, startReading, type Line, type Running } from '../support/reading.js';
import { eventually, MODEL } from '../support/stack.js';
import { first, makeWorld, type World } from '../support/world.js';

const ID = `${MODEL}/1.2.0/1`;
const WATCH = ['status', '--watch', '--model-name', MODEL];
const HOME = '\u001b[H';

let world: World;
let line: Line;
const started: Running[] = [];
beforeAll(async () => {
  world = await makeWorld();
  const mlops = await first(world.db, 'mlops');
  await world.register('1.2.0', mlops);
  await drive(world, await request(world, '1.2.0', mlops));
  line = await lineTo(world.db.readUrl);
});
afterEach(() => started.splice(0).forEach(({ child }) => child.kill('SIGKILL')));
afterAll(async () => {
  await line.cut();
  await world.close();
});

const start = (words: readonly string[]): Running => {
  const running = startReading(line.readUrl, words);
  started.push(running);
  return running;
};
const until = (running: Running, isThere: () => boolean): Promise<true> =>
  eventually(async () => {
    if (running.child.exitCode !== null) throw new Error(`it ended: ${running.stdout()}${running.stderr()}`);
    return isThere();
  });

/** The same look again and again, and what it asks of the server. */
describe('a look', () => {
  it('is one query while nothing changes, and sees every change', async () => {
    const look = createLook(world.db.reader, { model: MODEL });
    const gates = async () => (await look()).models[0]?.versions[0]?.promotion?.gates.map(({ state }) => state);
    expect(await gates()).toEqual(['open', 'open', 'open', 'open']);
    const asked = vi.spyOn(pg.Client.prototype, 'query');
    for (let i = 1; i <= 3; i += 1) {
      await look();
      expect(asked).toHaveBeenCalledTimes(i);
    }
    asked.mockRestore();
    await approve(world, ID, 'data-science');
    expect(await gates()).toEqual(['approved', 'open', 'open', 'open']);
  });
});

describe('status --watch without a terminal', () => {
  it('prints a block for each change and nothing a terminal would obey, and ends with 0', async () => {
    const running = start(WATCH);
    await until(running, () => running.stdout().includes('as of'));
    expect(running.stdout().match(/as of/g)).toHaveLength(1);
    await approve(world, ID, 'devops');
    await until(running, () => /gate +devops +approved/.test(running.stdout()));
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('\u001b');
    expect(stdout.match(/as of/g)).toHaveLength(2);
  });

  it('prints one document on one line for each change, over one connection, and goes on after the record was away', async () => {
    const running = start([...WATCH, '--json']);
    await until(running, () => running.stdout().includes('\n'));
    expect(line.open()).toBe(1);
    await line.cut();
    await until(running, () => running.stderr().includes('away since'));
    await approve(world, ID, 'business');
    await line.mend();
    await until(running, () => running.stdout().trimEnd().split('\n').length === 2);
    expect(line.open()).toBe(1);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each) as Status);
    const business = documents.map(({ models }) => models[0]?.versions[0]?.promotion?.gates[2]?.state);
    expect(business).toEqual(['open', 'approved']);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^away since \d\d:\d\d:\d\d UTC, trying again: PostgreSQL on 127\.0\.0\.1:\d+/),
      'the record is back',
    ]);
  });

  it('refuses an unknown model at once, and a record that is away from the start', async () => {
    const unknown = await start(['status', '--watch', '--model-name', 'nobody']).ended;
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toMatch(/^2: model "nobody" is not registered; .*known: alzheimer_classifier/);
    const away = await startReading('postgres://u:canary@127.0.0.1:1/x', WATCH).ended;
    expect(away).toMatchObject({ code: 6, stdout: '' });
    expect(away.stderr).toMatch(/^6: PostgreSQL on 127\.0\.0\.1:1\/x does not answer/);
    expect(away.stderr).not.toContain('canary');
  });
});

const hasPython = spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0;

describe.skipIf(!hasPython)('status --watch in a terminal', () => {
  const startIn = (columns: number, env: NodeJS.ProcessEnv = {}): Running => {
    const running = startInTerminal(line.readUrl, WATCH, { rows: 60, columns, env });
    started.push(running);
    return running;
  };
  const frames = (running: Running): string[] => running.stdout().split(HOME).slice(1);
  const widest = (frame: string | undefined) =>
    Math.max(...(frame ?? '').split(/\r?\n/).map((each) => cellsOf(stripVTControlCharacters(each))));
  const type = (running: Running, what: string): void => void running.child.stdin?.write(`${what}\n`);

  it('draws over itself, fits after a resize, says when the record is away, and leaves the terminal as it was', async () => {
    const running = startIn(40);
    await until(running, () => frames(running).length >= 3);
    expect(Math.max(...frames(running).slice(-2).map(widest))).toBeLessThanOrEqual(40);
    expect(running.stdout()).toContain('\u001b[?1049h');
    expect(running.stdout()).toMatch(/\u001b\[3[1-3]m/);
    type(running, 'size 50 120');
    await until(running, () => widest(frames(running).at(-1)) > 80);
    expect(widest(frames(running).at(-1))).toBeLessThanOrEqual(120);
    await line.cut();
    await until(running, () => running.stdout().includes('away since'));
    await line.mend();
    await until(running, () => frames(running).at(-1)?.includes('Ctrl-C ends this') === true);
    type(running, 'keys 03');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    const after = stdout.slice(stdout.indexOf('\u001b[?25h\u001b[?1049l'));
    expect(after).toContain('as of');
    expect(stdout.match(/\u001b\[\?1049l/g)).toHaveLength(1);
  });

  it('has no colours where NO_COLOR is set', async () => {
    const running = startIn(100, { NO_COLOR: '1' });
    await until(running, () => frames(running).length >= 2);
    // As npx passes it on: one Ctrl-C arrives twice.
    type(running, 'keys 03');
    type(running, 'keys 03');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/\u001b\[\d+m/);
  });
});
