import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../domain/live.js';
import { monitoringMissing, stagingVerdict, type StagingTraffic } from '../../domain/staging-health.js';

const well = { verdict: 'healthy', reason: '' } as const;
const requests = (count: number, more: Partial<StagingTraffic> = {}): StagingTraffic => {
  return { service: known({ requests: count, errors: 0, latency: null }), severity: 'none', reason: '', ...more };
};
const policy = (traffic: 'optional' | 'required') => {
  const watch = { every: 1, window: 1, min_samples: 200, min_labels: 1, source: 'prediction-log' };
  return { staging: { traffic }, watch };
};

describe('rules §1, staging health: "only healthy time counts"', () => {
  it('what is wrong with the artifact itself says so first', () => {
    const broken = { verdict: 'critical', reason: 'model.onnx differs' } as const;
    expect(stagingVerdict(broken, requests(1_000), policy('optional'))).toBe(broken);
  });

  it('traffic is judged from the least number of samples on: critical ends the soak, a warning is one', () => {
    const bad = { severity: 'critical', reason: 'error-rate' } as const;
    expect(stagingVerdict(well, requests(199, bad), policy('optional'))).toEqual(well);
    expect(stagingVerdict(well, requests(200, bad), policy('optional'))).toEqual({ verdict: 'critical', reason: 'error-rate' });
    expect(stagingVerdict(well, requests(200, { ...bad, severity: 'rollback' }), policy('optional')).verdict).toBe('critical');
    expect(stagingVerdict(well, requests(200, { ...bad, severity: 'warning' }), policy('optional')).verdict).toBe('warning');
    expect(stagingVerdict(well, requests(200, { ...bad, severity: 'info' }), policy('optional'))).toEqual(well);
  });

  it('without enough traffic the artifact’s health is enough only where the policy says so', () => {
    expect(stagingVerdict(well, requests(0), policy('optional'))).toEqual(well);
    expect(stagingVerdict(well, requests(0), policy('required')).verdict).toBe('unknown');
  });

  it('promises R23, "No data is never good news": what cannot be read never counts to soak or health', () => {
    for (const cause of [
      'no data',
      'stale',
      'invalid sample',
      'ambiguous',
      'label mismatch',
      'wrong unit',
      'source away',
    ] as const) {
      const traffic = { service: unknown(cause, 'why'), severity: 'none', reason: '' } as const;
      expect(stagingVerdict(well, traffic, policy('optional')).verdict).toBe('unknown');
    }
  });
});

describe('rules §1, "drift monitoring is configured (the source answers for this version, the training distribution is stored)"', () => {
  it('needs both', () => {
    const answers = { service: requests(0).service };
    const silent = { service: unknown('no data', 'there is no series of it') };
    expect(monitoringMissing(answers, true)).toBe('');
    expect(monitoringMissing(answers, false)).toMatch(/training set is not stored/);
    expect(monitoringMissing(silent, true)).toMatch(/does not answer for it: no data/);
    expect(monitoringMissing(silent, false)).toMatch(/does not answer.*; .*not stored/);
  });
});
