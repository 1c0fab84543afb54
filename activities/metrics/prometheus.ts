import { known, unknown, type FeatureReading, type LiveReading, type Reading, type ServiceFigures } from '../../domain/live.js';
import type { Confusion } from '../../domain/metrics.js';
import type { PrometheusPolicy } from '../../domain/watch-policy.js';
import type { PrometheusConfig } from '../../platform/prometheus.js';
import type { MetricsSource, WindowAsked } from '../ports.js';
import { binsOf } from './prometheus-buckets.js';
import { askPrometheus, type Sample } from './prometheus-http.js';
import { promql } from './promql.js';
import { amountOf, isOfNothing, oneSample } from './prometheus-sample.js';
import { serviceOf, type Latency } from './prometheus-service.js';

const ANSWERED_WITHIN_MS = 5_000;
const MS_PER_SECOND = 1_000;

type QueryName = Exclude<keyof PrometheusPolicy, 'latency_unit'>;
/** Asks one of the policy's queries over a window. */
type Ask = (name: QueryName, windowMs: number) => Promise<Reading<readonly Sample[]>>;

/**
 * Prometheus by its HTTP API. A reading begins with the time of the newest sample, and everything else is evaluated at the time at
 * which that was answered: no clock but the source's own counts, and figures of one window are of one moment.
 */
export function prometheus(config: PrometheusConfig): MetricsSource {
  return {
    name: 'prometheus',
    async read(asked, signal) {
      const begun = await begin(config, asked, signal);
      if (!begun.known) return { service: begun, labels: begun };
      const [service, labels] = await Promise.all([serviceIn(begun.value, asked), labelsIn(begun.value, asked)]);
      return { service, labels } satisfies LiveReading;
    },
    async features(asked, { names }, signal): Promise<FeatureReading> {
      const begun = await begin(config, asked, signal);
      if (!begun.known) return begun;
      const answer = await begun.value('features', asked.windowMs);
      return answer.known ? binsOf(answer.value, asked, names) : answer;
    },
  };
}

/** How the queries of a reading are asked, once its newest sample is known to be new. */
async function begin(config: PrometheusConfig, asked: WindowAsked, signal: AbortSignal): Promise<Reading<Ask>> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  const askAt =
    (at?: number): Ask =>
    async (name, windowMs) => {
      if (asked.queries[name].trim() === '') return unknown('not measured', `the policy has no query ${name}`);
      const text = promql(asked.queries[name], asked, windowMs);
      return await askPrometheus(config, { name, text, ...(at !== undefined && { at }) }, { signal, deadline });
    };
  const answer = await askAt()('sampled_at', asked.windowMs);
  const sample = answer.known ? oneSample('sampled_at', answer.value, asked) : answer;
  if (!sample.known) return sample;
  const sampledAt = amountOf('sampled_at', sample.value);
  if (!sampledAt.known) return sampledAt;
  const ageMs = Math.round((sample.value.at - sampledAt.value) * MS_PER_SECOND);
  if (ageMs < 0) return unknown('stale', 'the newest sample is from the future');
  if (ageMs > asked.freshMs)
    return unknown('stale', `the newest sample is ${ageMs} ms old, which is more than ${asked.freshMs} ms`);
  return known(askAt(sample.value.at));
}

async function serviceIn(ask: Ask, asked: WindowAsked): Promise<Reading<ServiceFigures>> {
  const amount = (name: QueryName) => amountIn(ask, asked, name, asked.windowMs);
  const latency = (name: QueryName) => latencyIn(ask, asked, name);
  const [requests, errors, p50, p95, p99] = await Promise.all([
    amount('requests'),
    amount('errors'),
    latency('latency_p50'),
    latency('latency_p95'),
    latency('latency_p99'),
  ]);
  if (!requests.known) return requests;
  if (!errors.known) return errors;
  if (!p50.known) return p50;
  if (!p95.known) return p95;
  if (!p99.known) return p99;
  return serviceOf({ requests: requests.value, errors: errors.value, p50: p50.value, p95: p95.value, p99: p99.value });
}

/** Extrapolated counts are not whole; those of labels are, as figures are made of them. */
async function labelsIn(ask: Ask, asked: WindowAsked): Promise<Reading<Confusion>> {
  const amount = (name: QueryName) => amountIn(ask, asked, name, asked.labels.windowMs);
  const [tp, fp, tn, fn] = await Promise.all([
    amount('true_positives'),
    amount('false_positives'),
    amount('true_negatives'),
    amount('false_negatives'),
  ]);
  if (!tp.known) return tp;
  if (!fp.known) return fp;
  if (!tn.known) return tn;
  if (!fn.known) return fn;
  return known({
    truePositives: Math.round(tp.value),
    falsePositives: Math.round(fp.value),
    trueNegatives: Math.round(tn.value),
    falseNegatives: Math.round(fn.value),
  });
}

async function amountIn(ask: Ask, asked: WindowAsked, name: QueryName, windowMs: number): Promise<Reading<number>> {
  const answer = await ask(name, windowMs);
  const sample = answer.known ? oneSample(name, answer.value, asked) : answer;
  return sample.known ? amountOf(name, sample.value) : sample;
}

async function latencyIn(ask: Ask, asked: WindowAsked, name: QueryName): Promise<Reading<Latency>> {
  const answer = await ask(name, asked.windowMs);
  if (!answer.known) return answer;
  if (answer.value.length === 0) return known('no series');
  const sample = oneSample(name, answer.value, asked);
  if (!sample.known) return sample;
  if (isOfNothing(sample.value)) return known('NaN');
  const amount = amountOf(name, sample.value);
  return amount.known ? known(amount.value * (asked.queries.latency_unit === 's' ? MS_PER_SECOND : 1)) : amount;
}
