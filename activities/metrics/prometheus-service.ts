import { known, unknown, type Reading, type ServiceFigures } from '../../domain/live.js';

/** A latency beyond this was given in another unit. */
const LONGEST_MS = 3_600_000;
/** Counters of one window are extrapolated one by one; so far two that count the same may differ: this share, and one more. */
const SLACK = 0.01;

/** A latency in milliseconds, or that there is none: no series, or the NaN that a quantile of nothing is. */
export type Latency = number | 'no series' | 'NaN';

/** What the queries of a window answered. */
export interface Answered {
  readonly requests: number;
  readonly errors: number;
  readonly p50: Latency;
  readonly p95: Latency;
  readonly p99: Latency;
}

/** The figures of a window, where they can be those of one: errors are requests, and quantiles of a time rise. */
export function serviceOf({ requests, errors, p50, p95, p99 }: Answered): Reading<ServiceFigures> {
  const slack = requests * SLACK + 1;
  if (errors > requests + slack) return unknown('wrong unit', 'there are more errors than requests');
  const counts = { requests, errors: Math.min(errors, requests) };
  if (typeof p50 === 'string' || typeof p95 === 'string' || typeof p99 === 'string') {
    // Where none was answered there is nothing to take a quantile of.
    if (requests - errors <= slack) return known({ ...counts, latency: null });
    const isNothing = [p50, p95, p99].includes('no series');
    const why = `${isNothing ? 'there is no series of' : 'NaN is answered for'} a latency, though predictions were answered`;
    return unknown(isNothing ? 'no data' : 'invalid sample', why);
  }
  if (p99 > LONGEST_MS) return unknown('wrong unit', 'a latency is longer than an hour');
  if (p50 > p95 || p95 > p99) return unknown('invalid sample', 'the quantiles of the latency do not rise');
  return known({ ...counts, latency: requests === 0 ? null : { p50, p95, p99 } });
}
