import { describe, expect, it } from 'vitest';
import {
  isOverdue,
  isStuck,
  suspicionOf,
  watchOn,
  type ActivityShown,
  type Queues,
  type RunShown,
  type Watched,
} from '../../workers/stuck.js';

const MINUTE = 60_000;
const QUEUE = 'ours';
const QUEUES: Queues = { run: QUEUE, activity: (type) => (type === 'runChecks' ? 'measures' : QUEUE) };

const look: ActivityShown = {
  type: 'pollHealth',
  taskQueue: QUEUE,
  isPaused: false,
  isStarted: false,
  limitMs: 5 * MINUTE,
  nextInMs: MINUTE,
};
const run = (change: Partial<RunShown> = {}): RunShown => ({
  taskQueue: QUEUE,
  isPaused: false,
  isBound: false,
  taskAttempt: 0,
  activities: [look],
  ...change,
});
const suspicion = (change: Partial<RunShown>, lateEveryMs: number | null = MINUTE) =>
  suspicionOf(run(change), QUEUES, lateEveryMs);

describe('what speaks against a run that is alive', () => {
  it.each([
    ['another task queue', { taskQueue: 'rogue' }, /task queue "rogue"/],
    ['paused', { isPaused: true }, /paused/],
    ['bound to a deployment', { isBound: true }, /bound/],
    ['a workflow task that fails again and again', { taskAttempt: 6 }, /tried 6 times/],
    ['a paused activity', { activities: [look, { ...look, isPaused: true }] }, /activity pollHealth is paused/],
    ['an activity on another task queue', { activities: [{ ...look, taskQueue: 'rogue' }] }, /activity pollHealth .*rogue/],
    ['a measurement on the other one', { activities: [{ ...look, type: 'runChecks' }] }, /activity runChecks .*ours/],
  ])('%s, late or not', (_name, change, why) => {
    expect(suspicion(change, null)?.why).toMatch(why);
    expect(suspicion(change)?.why).toMatch(why);
  });

  it('nothing, when it is on time', () => {
    expect(suspicion({}, null)).toBeNull();
    expect(suspicion({ activities: [] }, null)).toBeNull();
    expect(suspicion({ taskAttempt: 5 }, null)).toBeNull();
    expect(suspicion({ activities: [{ ...look, type: 'runChecks', taskQueue: 'measures' }] }, null)).toBeNull();
  });

  it('that it is late and nothing is under way', () => {
    expect(suspicion({ activities: [] })?.why).toMatch(/heard nothing/);
  });

  it('not that it is late while an outage is waited out, or only a worker is missing', () => {
    expect(suspicion({})).toBeNull();
    expect(suspicion({ activities: [{ ...look, type: 'standing', nextInMs: 20_000 }] })).toBeNull();
    expect(suspicion({ activities: [{ ...look, nextInMs: -10 * MINUTE }] })).toBeNull();
  });

  it('that what it waits for is put off far beyond its time', () => {
    expect(suspicion({ activities: [{ ...look, nextInMs: 10 * 60 * MINUTE }] })).not.toBeNull();
  });

  it('has to last longer than what is under way may take', () => {
    const started = { ...look, isStarted: true };
    expect(suspicion({ activities: [started] })?.patienceMs).toBeGreaterThan(started.limitMs);
    expect(suspicion({ activities: [], taskAttempt: 1 })?.patienceMs).toBeGreaterThan(MINUTE);
  });
});

describe('how long it has to last', () => {
  const soon = { why: 'x', patienceMs: 40_000 };
  const rounds = (times: readonly number[], runId = (_round: number) => 'a'): Watched => {
    const [first, ...later] = times.map((at, round) => ({ at, runId: runId(round) }));
    if (!first) throw new Error('no round');
    return later.reduce((before, each) => watchOn(before, each.runId, each.at), watchOn(undefined, first.runId, first.at));
  };

  it('three rounds in a row, and its time', () => {
    expect(isStuck(rounds([0, 20_000]), soon)).toBe(false);
    expect(isStuck(rounds([0, 20_000, 40_000]), soon)).toBe(true);
    expect(isStuck(rounds([0, 10_000, 20_000]), soon)).toBe(false);
    expect(isStuck(rounds([0, 20_000, 40_000]), { ...soon, patienceMs: 6 * MINUTE })).toBe(false);
  });

  it('begins again when the record or Temporal was away in between, and with another run', () => {
    expect(isStuck(rounds([0, 20_000, 10 * MINUTE]), soon)).toBe(false);
    expect(isStuck(rounds([0, 20_000, 10 * MINUTE, 10 * MINUTE + 20_000, 10 * MINUTE + 40_000]), soon)).toBe(true);
    expect(
      isStuck(
        rounds([0, 20_000, 40_000], (round) => (round < 2 ? 'a' : 'b')),
        soon,
      ),
    ).toBe(false);
  });

  it('begins again when this machine set its clock back', () => {
    expect(rounds([MINUTE, 2 * MINUTE, 0]).rounds).toBe(1);
  });
});

describe('when a look is overdue', () => {
  it('after three intervals and a minute', () => {
    expect(isOverdue(4 * MINUTE, MINUTE)).toBe(false);
    expect(isOverdue(4 * MINUTE + 1, MINUTE)).toBe(true);
  });
});
