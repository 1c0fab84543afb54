import { describe, expect, it } from 'vitest';
import {
  incidentChanges,
  isUnreadable,
  recoveredConditions,
  sourceStanding,
  toldAs,
  unreadable,
  type Incidents,
  type OpenIncident,
  type Standing,
} from '../../domain/incidents.js';
import { known as read, unknown } from '../../domain/live.js';
import type { Condition } from '../../domain/live-condition.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';

const MINUTE = 60_000;
const nothing: Incidents = { changeKey: 'c', open: [], opened: {} };
const of = (severity: Standing['severity'], known = true): Standing => ({
  condition: 'error-rate',
  severity,
  known,
  what: 'it is',
});
const open = (severity: OpenIncident['severity']): Incidents => {
  return {
    changeKey: 'c',
    open: [{ id: 'c/error-rate/1', condition: 'error-rate', severity, openedAt: 0 }],
    opened: { 'error-rate': 1 },
  };
};
const recovered = new Set<Standing['condition']>(['error-rate']);

describe('rules §4, "An alert is one incident: it opens, may rise, and closes with a recovery message"', () => {
  it('opens when a condition is known to be bad, and the next one has a number of its own', () => {
    expect(incidentChanges(nothing, [of('warning')], new Set())).toEqual([
      { id: 'c/error-rate/1', condition: 'error-rate', change: 'opened', severity: 'warning', what: 'it is' },
    ]);
    const again = incidentChanges({ ...nothing, opened: { 'error-rate': 1 } }, [of('info')], new Set());
    expect(again).toMatchObject([{ id: 'c/error-rate/2', change: 'opened' }]);
  });

  it('"It does not repeat itself at every window": as bad as before or milder says nothing', () => {
    for (const severity of ['critical', 'warning', 'info'] as const)
      expect(incidentChanges(open('critical'), [of(severity)], recovered)).toEqual([]);
  });

  it('rises to what is graver', () => {
    expect(incidentChanges(open('warning'), [of('rollback')], new Set())).toMatchObject([
      { change: 'rose', severity: 'rollback' },
    ]);
  });

  it('closes with the gravest it had, and only when the last windows were known to be good', () => {
    expect(incidentChanges(open('critical'), [of('none')], new Set())).toEqual([]);
    expect(incidentChanges(open('critical'), [of('none')], recovered)).toMatchObject([
      { change: 'closed', severity: 'critical' },
    ]);
  });

  it('"no alert and no all-clear": what is not known opens nothing and closes nothing', () => {
    expect(incidentChanges(nothing, [of('none', false)], recovered)).toEqual([]);
    expect(incidentChanges(open('critical'), [of('none', false)], recovered)).toEqual([]);
  });

  it('a condition has recovered when the policy’s number of windows, none less, all show it known and good', () => {
    const seen = (severity: Condition['severity'], known = true): Condition[] => {
      return [{ condition: 'latency', severity, known, measured: '', limit: '', baseline: '', why: '' }];
    };
    const policy = { incidents: { recovery_windows: 2, page_again: 0 } };
    expect([...recoveredConditions([seen('none')], policy)]).toEqual([]);
    expect([...recoveredConditions([seen('none'), seen('warning')], policy)]).toEqual([]);
    expect([...recoveredConditions([seen('none'), seen('none', false)], policy)]).toEqual([]);
    expect([...recoveredConditions([seen('none'), seen('none'), seen('warning')], policy)]).toEqual(['latency']);
  });
});

describe('rules §4, "A source that cannot be read for longer than the policy’s patience is itself an alert (warning, then critical)"', () => {
  it.each([
    [0, 'none'],
    [5 * MINUTE, 'none'],
    [5 * MINUTE + 1, 'warning'],
    [15 * MINUTE, 'warning'],
    [15 * MINUTE + 1, 'critical'],
  ])('after %i ms: %s', (forMs, severity) => {
    expect(sourceStanding({ forMs, why: 'away' }, FIRST_WATCH)).toMatchObject({ severity, known: true });
  });

  it('that no label has arrived is an answer, labels that make no sense are none', () => {
    const service = read({ requests: 1, errors: 0, latency: null });
    expect(unreadable({ service, labels: unknown('no data', 'none') })).toBeUndefined();
    expect(unreadable({ service, labels: unknown('not measured', 'nobody does') })).toBeUndefined();
    expect(unreadable({ service, labels: unknown('invalid sample', 'NaN') })).toBe('labels: invalid sample: NaN');
    const labels = unknown('no data', 'none');
    expect(unreadable({ service: unknown('no data', 'no series'), labels })).toBe('no data: no series');
    expect(unreadable({ service: unknown('too few samples', 'two'), labels })).toBeUndefined();
  });

  it('too few samples or labels, and what nobody measures, are answers', () => {
    expect((['too few samples', 'too few labels', 'not measured'] as const).map(isUnreadable)).toEqual([false, false, false]);
    expect((['no data', 'stale', 'invalid sample', 'source away'] as const).map(isUnreadable)).toEqual([true, true, true, true]);
  });
});

describe('rules §4, what people are told', () => {
  it('"automatic rollback, then as critical"; "recoveries" are info', () => {
    expect(toldAs({ change: 'opened', severity: 'rollback' })).toBe('critical');
    expect(toldAs({ change: 'rose', severity: 'warning' })).toBe('warning');
    expect(toldAs({ change: 'closed', severity: 'critical' })).toBe('info');
  });
});
