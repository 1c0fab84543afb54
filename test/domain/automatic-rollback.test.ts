import { describe, expect, it } from 'vitest';
import {
  decideRollback,
  type RecordedWindow,
  type RollbackDecision,
  type RollbackEvidence,
} from '../../domain/automatic-rollback.js';
import type { ConditionName, ConditionSeverity } from '../../domain/live-condition.js';
import { judgeWindow } from '../../domain/live-severity.js';
import { known, unknown, type Baseline } from '../../domain/live.js';
import type { RollbackSituation } from '../../domain/rollback.js';
import { MINUTE, policyWith, STAGED_AT } from '../support/attempt.js';
import { seeded } from '../support/seeded.js';

const policy = policyWith();
const NOW = STAGED_AT;
const situation: RollbackSituation = {
  production: '1.3.0',
  former: [
    { version: '1.2.0', status: 'archived', quarantine: null },
    { version: '1.1.0', status: 'archived', quarantine: null },
  ],
};

function under(windows: number, cooldown = policy.rollback.cooldown): typeof policy {
  return { ...policy, rollback: { ...policy.rollback, windows, cooldown } };
}

/** A window that ended so many milliseconds before now. */
function ended(ago: number, broken: Partial<Record<ConditionName, ConditionSeverity>> = {}): RecordedWindow {
  const conditions = (['accuracy', 'error-rate', 'latency', 'drift', 'concept-drift'] as const).map((condition) => ({
    condition,
    severity: broken[condition] ?? 'none',
    known: true,
  }));
  return { id: `window-${ago}`, from: NOW - ago - policy.watch.window, to: NOW - ago, conditions };
}

function decide(windows: readonly RecordedWindow[], more: Partial<RollbackEvidence> = {}, rules = policy): RollbackDecision {
  return decideRollback({ windows, now: NOW, situation, restoredAt: null, ...more }, rules);
}

const FAILING = { 'error-rate': 'rollback' } as const;

describe('an automatic rollback (rules §4 and §5)', () => {
  it.each(['accuracy', 'error-rate', 'latency'] as const)('"one window over the limit is a breach": %s', (condition) => {
    expect(decide([ended(0, { [condition]: 'rollback' }), ended(MINUTE)])).toEqual({
      kind: 'due',
      condition,
      windows: ['window-0'],
      why: `${condition} was beyond its rollback limit in the last window`,
      to: '1.2.0',
      targets: ['1.2.0', '1.1.0'],
    });
  });

  it.each(['none', 'info', 'warning', 'critical'] as const)('a window that is no worse than %s is no breach', (severity) => {
    expect(decide([ended(0, { accuracy: severity, 'error-rate': severity, latency: severity })])).toEqual({ kind: 'none' });
  });

  it('drift never rolls back', () => {
    expect(decide([ended(0, { drift: 'rollback', 'concept-drift': 'rollback' })])).toEqual({ kind: 'none' });
  });

  it('without windows there is nothing to decide on, and what is not known breaks no limit', () => {
    expect(decide([])).toEqual({ kind: 'none' });
    const [window] = [ended(0, FAILING)];
    const unsure = { ...window, conditions: window.conditions.map((each) => ({ ...each, known: false })) };
    expect(decide([unsure])).toEqual({ kind: 'none' });
  });

  it('"no older than two intervals": exactly two are fresh', () => {
    expect(decide([ended(2 * MINUTE, FAILING)]).kind).toBe('due');
    expect(decide([ended(2 * MINUTE + 1, FAILING)]).kind).toBe('none');
  });

  it('a good window ends it: an older breach decides nothing', () => {
    expect(decide([ended(0), ended(MINUTE, FAILING)])).toEqual({ kind: 'none' });
  });
});

describe('"for the policy\'s consecutive windows" (rules §4)', () => {
  const three = under(3);
  const row = (...ends: number[]) => ends.map((ago) => ended(ago, FAILING));

  it('three ask for three', () => {
    expect(decide(row(0, MINUTE), {}, three)).toEqual({ kind: 'none' });
    expect(decide(row(0, MINUTE, 2 * MINUTE), {}, three)).toMatchObject({
      kind: 'due',
      windows: ['window-0', `window-${MINUTE}`, `window-${2 * MINUTE}`],
      why: 'error-rate was beyond its rollback limit in each of the last 3 windows',
    });
  });

  it('of the same condition', () => {
    const mixed = [ended(0, FAILING), ended(MINUTE, { latency: 'rollback' }), ended(2 * MINUTE, FAILING)];
    expect(decide(mixed, {}, three)).toEqual({ kind: 'none' });
  });

  it('with none in between that is good or unknown', () => {
    const [newest, oldest] = [ended(0, FAILING), ended(2 * MINUTE, FAILING)];
    const unread = ended(MINUTE, FAILING);
    const unsure = {
      ...unread,
      conditions: unread.conditions.map((each) => ({ ...each, severity: 'none', known: false }) as const),
    };
    expect(decide([newest, ended(MINUTE), oldest], {}, three)).toEqual({ kind: 'none' });
    expect(decide([newest, unsure, oldest], {}, three)).toEqual({ kind: 'none' });
  });

  it('and no gap of more than two intervals; the same window twice is one', () => {
    expect(decide(row(0, 2 * MINUTE, 4 * MINUTE), {}, three).kind).toBe('due');
    expect(decide(row(0, 2 * MINUTE + 1, 4 * MINUTE), {}, three).kind).toBe('none');
    expect(decide(row(0, 0, MINUTE), {}, three).kind).toBe('none');
  });
});

describe('what holds it back', () => {
  const breach = [ended(0, FAILING)];

  it('"in which another automatic rollback needs a person": within the cool-down, not at its end', () => {
    const { cooldown } = policy.rollback;
    const early = decide(breach, { restoredAt: NOW - cooldown + 1 });
    expect(early).toMatchObject({ kind: 'needs-person', to: '1.2.0', condition: 'error-rate' });
    expect(early.kind !== 'none' && early.why).toMatch(
      /put 1\.3\.0 there 59 min 59 s ago, and within the cool-down another takes a person$/,
    );
    expect(decide(breach, { restoredAt: NOW - cooldown }).kind).toBe('due');
  });

  it('"with nothing to roll back to, it does not pretend", within the cool-down or not', () => {
    const alone = { production: '1.3.0', former: [{ version: '1.2.0', status: 'archived', quarantine: 'it failed' }] };
    for (const restoredAt of [null, NOW]) {
      expect(decide(breach, { situation: alone, restoredAt })).toEqual({
        kind: 'no-target',
        condition: 'error-rate',
        windows: ['window-0'],
        why: 'error-rate was beyond its rollback limit in the last window, and there is no version to roll back to',
      });
    }
  });

  it('"to the last version that was in production before" that is archived and in no quarantine', () => {
    const former = [
      { version: '1.2.0', status: 'archived', quarantine: 'it failed' },
      { version: '1.1.0', status: 'deleted', quarantine: null },
      { version: '1.0.0', status: 'archived', quarantine: null },
    ];
    expect(decide(breach, { situation: { ...situation, former } })).toMatchObject({ to: '1.0.0', targets: ['1.0.0'] });
  });
});

describe('10,000 series whose truth is known', () => {
  const baseline: Baseline = { rows: 5_000, accuracy: 0.94, precision: null, recall: null, f1: null, latencyP95: 10 };
  const LENGTH = 12;

  interface Series {
    /** The figures of each window, oldest first. */
    readonly windows: readonly { readonly right: number; readonly errors: number; readonly p95: number }[];
    readonly needed: number;
    /** The window at whose end a rollback is due; -1 where none ever is. */
    readonly dueAt: number;
  }

  const LIMITS = { right: 840, errors: 50, p95: 500 } as const;
  type Figure = keyof typeof LIMITS;

  /** Figures of which each may be as bad as its limit, and is beyond it in the windows of one stretch alone. */
  function series(seed: number): Series {
    const random = seeded(seed);
    const up = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
    const needed = up(1, 3);
    // One in three is sustained; the others are quiet, or a spike that is too short.
    const isSustained = seed % 3 === 0;
    const length = isSustained ? up(needed, 6) : up(0, needed - 1);
    const start = up(0, LENGTH - Math.max(1, length));
    const figure = (['right', 'errors', 'p95'] as const)[up(0, 2)] ?? 'right';
    const windows = Array.from({ length: LENGTH }, (_, at) => {
      const within = { right: up(LIMITS.right, 1_000), errors: up(0, LIMITS.errors), p95: up(1, LIMITS.p95) };
      return at >= start && at < start + length ? { ...within, [figure]: beyond(figure, up) } : within;
    });
    return { windows, needed, dueAt: isSustained ? start + needed - 1 : -1 };
  }

  function beyond(figure: Figure, up: (from: number, to: number) => number): number {
    if (figure === 'right') return up(0, LIMITS.right - 1);
    return figure === 'errors' ? up(LIMITS.errors + 1, 1_000) : up(LIMITS.p95 + 1, 9_000);
  }

  function firstDue({ windows, needed }: Series): number {
    const rules = under(needed);
    const recorded: RecordedWindow[] = [];
    for (const [at, { right, errors, p95 }] of windows.entries()) {
      const to = NOW + at * MINUTE;
      const reading = {
        service: known({ requests: 1_000, errors, latency: { p50: 1, p95, p99: p95 } }),
        labels: known({ truePositives: right, falsePositives: 1_000 - right, trueNegatives: 0, falseNegatives: 0 }),
      };
      const { conditions } = judgeWindow({ reading, drift: nothing, trend: nothing }, baseline, rules);
      recorded.unshift({ id: String(at), from: to - policy.watch.window, to, conditions });
      if (decideRollback({ windows: recorded, now: to + 1_000, situation, restoredAt: null }, rules).kind === 'due') return at;
    }
    return -1;
  }

  const nothing = unknown('not measured', 'it is not measured');

  it('no rollback without a sustained breach, and every sustained one at its first moment', () => {
    const wrong: number[] = [];
    let sustained = 0;
    for (let seed = 0; seed < 10_000; seed++) {
      const each = series(seed);
      if (each.dueAt >= 0) sustained++;
      if (firstDue(each) !== each.dueAt) wrong.push(seed);
    }
    expect(wrong).toEqual([]);
    expect(sustained).toBe(3_334);
  });
});
