import type pg from 'pg';
import { unknown } from '../../domain/live.js';
import type { PrometheusConfig } from '../../platform/prometheus.js';
import type { MetricsSource, MetricsSources } from '../ports.js';
import { predictionLog } from './prediction-log.js';
import { prometheus } from './prometheus.js';

/** The sources that policies may name: the prediction log of the record's database, and Prometheus where an address of one is set. */
export function metricsSources(pool: pg.Pool, config?: PrometheusConfig): MetricsSources {
  const sources = [
    predictionLog(pool),
    config ? prometheus(config) : awaySource('prometheus', 'there is no Prometheus: GATEHOUSE_PROMETHEUS_URL is not set'),
  ];
  return (named) =>
    sources.find(({ name }) => name === named) ?? awaySource('none', 'the policy names a source that this release does not know');
}

/** A source that is not there: every reading of it is unknown, and says why. */
function awaySource(name: string, why: string): MetricsSource {
  const away = unknown('source away', why);
  return { name, read: () => Promise.resolve({ service: away, labels: away }), features: () => Promise.resolve(away) };
}
