import { describe, expect, it } from 'vitest';
import { liveFigures } from '../../domain/live-figures.js';
import { judgeWindow, type WindowVerdict } from '../../domain/live-severity.js';
import type { Condition, ConditionName } from '../../domain/live-condition.js';
import { known, unknown, type Baseline, type LiveReading, type ServiceFigures } from '../../domain/live.js';
import type { Confusion } from '../../domain/metrics.js';
import { MINUTE, policyWith } from '../support/attempt.js';

const rules = policyWith();
const baseline: Baseline = { rows: 10_000, accuracy: 0.94, precision: 0.9, recall: 0.8, f1: 0.85, latencyP95: 12.5 };

/** So many labels of which so many are right. */
function labels(right: number, all: number): Confusion {
  return { truePositives: right, trueNegatives: 0, falsePositives: all - right, falseNegatives: 0 };
}

function service(change: Partial<ServiceFigures> = {}): ServiceFigures {
  return { requests: 1_000, errors: 0, latency: { p50: 5, p95: 20, p99: 40 }, ...change };
}

const good: LiveReading = { service: known(service()), labels: known(labels(9_400, 10_000)) };
const quiet = {
  drift: known({ rows: 200, evidence: 200, features: [], uncompared: [] }),
  trend: unknown('too few labels', 'there are too few windows'),
};

function judge(reading: Partial<LiveReading>, against = baseline): WindowVerdict {
  return judgeWindow({ reading: { ...good, ...reading }, ...quiet }, against, rules);
}

function of(name: ConditionName, { conditions }: WindowVerdict): Condition {
  const condition = conditions.find((each) => each.condition === name);
  if (!condition) throw new Error(`there is no ${name}`);
  return condition;
}

describe('an accuracy drop (rules §4: "in percentage points of the baseline … exactly N is not yet a drop")', () => {
  it.each([
    [9_400, 'none'],
    [9_300, 'none'],
    [9_299, 'info'],
    [9_200, 'info'],
    [9_199, 'warning'],
    [8_900, 'warning'],
    [8_899, 'critical'],
    [8_400, 'critical'],
    [8_399, 'rollback'],
    [0, 'rollback'],
    [9_900, 'none'],
  ])('%d of 10,000 right against 94 %%: %s', (right, severity) => {
    const verdict = judge({ labels: known(labels(right, 10_000)) });
    expect(of('accuracy', verdict)).toMatchObject({ severity, known: true, baseline: '0.94' });
    expect(verdict.severity).toBe(severity);
  });

  it('is in points, not relative: from 50 % to 44.9 % is 5.1 points', () => {
    const verdict = judge({ labels: known(labels(4_490, 10_000)) }, { ...baseline, accuracy: 0.5 });
    expect(of('accuracy', verdict)).toMatchObject({ severity: 'critical', limit: 'drop > 0.05' });
  });

  it('exactly N is no drop, whatever the floating-point numbers are', () => {
    for (let points = 11; points <= 100; points++) {
      const verdict = judge({ labels: known(labels((points - 10) * 100, 10_000)) }, { ...baseline, accuracy: points / 100 });
      expect([points, of('accuracy', verdict).severity]).toEqual([points, 'critical']);
    }
  });

  it('"counts only over at least min_labels": 1,000 are enough, 999 are not', () => {
    expect(of('accuracy', judge({ labels: known(labels(500, 1_000)) })).severity).toBe('rollback');
    expect(of('accuracy', judge({ labels: known(labels(500, 999)) }))).toMatchObject({
      severity: 'none',
      known: false,
      why: '999 labels, and 1000 are needed; error rate, latency and drift stand in',
    });
  });

  it('"and when the one-sided 99 % interval, with both sample sizes, excludes zero; otherwise it is unknown"', () => {
    const few = { ...baseline, rows: 100 };
    const chance = of('accuracy', judge({ labels: known(labels(870, 1_000)) }, few));
    expect(chance).toMatchObject({ severity: 'none', known: false, measured: '0.87', limit: 'drop > 0.05' });
    expect(chance.why).toMatch(/^a drop of 0.07 may be chance: 1000 labels against 100 hold-out rows/);
    const sure = of('accuracy', judge({ labels: known(labels(830, 1_000)) }, few));
    expect(sure).toMatchObject({ severity: 'rollback', known: true });
    expect(sure.why).toBe(
      '0.11 below the baseline, beyond 0.1; at least 0.025 with 99 % confidence, 1000 labels against 100 hold-out rows',
    );
  });

  it('says a figure that is beyond the limit by little so that it looks so', () => {
    const verdict = judge({ labels: known(labels(83_999_999, 100_000_000)) });
    expect(of('accuracy', verdict).why).toMatch(/^0\.10000001 below the baseline, beyond 0\.1;/);
  });

  it('without a baseline it is unknown', () => {
    for (const missing of [{ accuracy: null }, { rows: null }, { rows: 0 }]) {
      expect(of('accuracy', judge({}, { ...baseline, ...missing }))).toMatchObject({ known: false, severity: 'none' });
    }
  });
});

describe('the error rate (rules §4: critical > 2 %, rollback > 5 %)', () => {
  it.each([
    [200, 10_000, 'none'],
    [201, 10_000, 'critical'],
    [500, 10_000, 'critical'],
    [501, 10_000, 'rollback'],
    [10, 200, 'critical'],
    [11, 200, 'rollback'],
    [4.0000001, 200, 'none'],
  ])('%d of %d: %s', (errors, requests, severity) => {
    const verdict = judge({ service: known(service({ errors, requests })) });
    expect(of('error-rate', verdict)).toMatchObject({ severity, known: true });
    expect(verdict.severity).toBe(severity);
  });

  it('exactly 5 % is critical for every number of requests', () => {
    for (let requests = 200; requests <= 20_000; requests += 20) {
      const verdict = judge({ service: known(service({ errors: requests / 20, requests })) });
      expect([requests, of('error-rate', verdict).severity]).toEqual([requests, 'critical']);
    }
  });
});

describe('the latency (rules §4: p95 > 200 ms a warning, > 500 ms rollback)', () => {
  it.each([
    [200, 'none'],
    [0.2 * 1_000, 'none'],
    [200.001, 'warning'],
    [500, 'warning'],
    [0.5 * 1_000, 'warning'],
    [500.001, 'rollback'],
  ])('%d ms: %s', (p95, severity) => {
    const verdict = judge({ service: known(service({ latency: { p50: 1, p95, p99: 900 } })) });
    expect(of('latency', verdict)).toMatchObject({ severity, known: true, baseline: '12.5' });
    expect(verdict.severity).toBe(severity);
  });

  it('is unknown where nothing was answered', () => {
    const verdict = judge({ service: known(service({ errors: 1_000, latency: null })) });
    expect(of('latency', verdict)).toMatchObject({ known: false, severity: 'none' });
    expect(verdict).toMatchObject({ severity: 'rollback', health: 'critical' });
  });
});

describe('"a window with too few samples is unknown: no alert and no all-clear" (rules §4)', () => {
  it('199 requests that all fail are unknown, 200 are not', () => {
    const few = judge({ service: known(service({ requests: 199, errors: 199 })) });
    expect(few).toMatchObject({ severity: 'none', health: 'unknown' });
    expect(of('error-rate', few)).toMatchObject({ known: false, why: '199 requests, and 200 are needed' });
    expect(judge({ service: known(service({ requests: 200, errors: 200 })) }).severity).toBe('rollback');
  });

  it('so is a window whose service cannot be read, with its reason', () => {
    const away = judge({ service: unknown('source away', 'the source does not answer') });
    expect(away).toMatchObject({ severity: 'none', health: 'unknown' });
    expect(of('latency', away)).toMatchObject({ known: false, why: 'the source does not answer', limit: '> 200 ms' });
  });

  it('an accuracy that is known to be bad is an alert all the same', () => {
    const verdict = judge({ service: unknown('no data', 'nothing'), labels: known(labels(500, 1_000)) });
    expect(verdict).toMatchObject({ severity: 'rollback', health: 'critical' });
  });

  it('"until then error rate, latency and drift stand in, marked as such": a window without labels is healthy by them', () => {
    const verdict = judge({ labels: unknown('no data', 'no label has arrived') });
    expect(verdict).toMatchObject({ severity: 'none', health: 'healthy' });
    expect(of('accuracy', verdict)).toMatchObject({
      known: false,
      why: 'no label has arrived; error rate, latency and drift stand in',
    });
  });
});

describe('a window', () => {
  it('has each condition once, and says nothing of what is good', () => {
    const { conditions, severity, health } = judge({});
    expect(conditions.map(({ condition }) => condition)).toEqual(['accuracy', 'error-rate', 'latency', 'drift', 'concept-drift']);
    expect(conditions.filter(({ known: isKnown }) => isKnown).map(({ why }) => why)).toEqual(['', '', '', '']);
    expect([severity, health]).toEqual(['none', 'healthy']);
  });

  it('is as bad as its worst condition, and smaller changes are healthy', () => {
    const slow = service({ latency: { p50: 1, p95: 300, p99: 400 } });
    expect(judge({ service: known(slow) })).toMatchObject({ severity: 'warning', health: 'warning' });
    expect(judge({ service: known({ ...slow, errors: 30 }) })).toMatchObject({ severity: 'critical', health: 'critical' });
    expect(judge({ labels: known(labels(9_250, 10_000)) })).toMatchObject({ severity: 'info', health: 'healthy' });
  });
});

describe('the figures of a window', () => {
  it('are text, and what is not known is left out', () => {
    const counts = { truePositives: 3, falsePositives: 1, trueNegatives: 4, falseNegatives: 2 };
    expect(liveFigures({ service: known(service({ errors: 5 })), labels: known(counts) }, 15 * MINUTE)).toEqual({
      requests: '1000',
      errors: '5',
      error_rate: '0.005',
      throughput: '1.111111',
      p50_ms: '5',
      p95_ms: '20',
      p99_ms: '40',
      labels: '10',
      accuracy: '0.7',
      precision: '0.75',
      recall: '0.6',
      f1: '0.666667',
    });
    const nothing = service({ requests: 0, latency: null });
    expect(liveFigures({ service: known(nothing), labels: unknown('no data', '') }, MINUTE)).toEqual({
      requests: '0',
      errors: '0',
      throughput: '0',
    });
  });
});
