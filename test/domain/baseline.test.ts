import { describe, expect, it } from 'vitest';
import { baselineOf } from '../../domain/baseline.js';

describe('rules §4, "the baseline recorded at promotion"', () => {
  it('is what the checks measured of the version, and null where a figure is not defined', () => {
    const findings = [
      { check: 'performance', measured: { accuracy: '0.94', rows: '100', precision: '0.95', recall: '0.8', f1: 'not defined' } },
      { check: 'latency', measured: { p95_ms: '1.25' } },
    ] as const;
    expect(baselineOf(findings)).toEqual({ accuracy: 0.94, rows: 100, precision: 0.95, recall: 0.8, f1: null, latencyP95: 1.25 });
    expect(baselineOf([])).toEqual({ accuracy: null, rows: null, precision: null, recall: null, f1: null, latencyP95: null });
  });
});
