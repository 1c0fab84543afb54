import type pg from 'pg';
import type { Feature } from '../../domain/checks.js';
import { known, unknown, type FeatureReading, type Reading, type ServiceFigures } from '../../domain/live.js';
import type { Confusion } from '../../domain/metrics.js';
import type { MetricsSource } from '../ports.js';
import { readOnly } from './read-only.js';

const NAME = 'the prediction log';

/** The prediction log in PostgreSQL: windows are cut by the database's own clock, which is the one that dates predictions. */
export function predictionLog(pool: pg.Pool): MetricsSource {
  return {
    name: 'prediction-log',
    async read(asked, signal) {
      const { model, version, windowMs, freshMs, labels: late } = asked;
      // Side by side: labels of a long window can take too long, which must not hide that predictions fail.
      const [service, labels] = await Promise.all([
        readOnly({ pool, name: NAME, signal }, async (client) =>
          serviceIn((await client.query<Figures>(FIGURES, [model, version, windowMs])).rows, freshMs),
        ),
        readOnly({ pool, name: NAME, signal }, async (client) =>
          labelsIn((await client.query<Labels>(LABELS, [model, version, late.delayMs, late.windowMs])).rows),
        ),
      ]);
      return { service: service.known ? service.value : service, labels };
    },
    async features(asked, { names, maxRows }, signal) {
      const answer = await readOnly({ pool, name: NAME, signal }, async (client) => {
        const { rows: views } = await client.query<{ features: string }>(VIEW, [asked.model, asked.version]);
        const { rows } = await client.query<FeatureRow>(FEATURES, [asked.model, asked.version, asked.windowMs, maxRows]);
        return { view: views[0] && (JSON.parse(views[0].features) as Feature[]), rows: rows.map(({ features }) => features) };
      });
      return answer.known ? columnsOf(answer.value, names) : answer;
    },
  };
}

/** What the database answers of a window; ages in milliseconds. */
interface Figures {
  readonly requests: number;
  readonly errors: number;
  readonly latency: readonly number[] | null;
  readonly age: number | null;
}

interface Labels {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

interface FeatureRow {
  readonly features: readonly (number | null)[];
}

/** The real time, and not the record's, which a demonstration may move: predictions are dated by it. */
const NOW = '(SELECT now FROM clock)';
const CLOCK = 'clock AS MATERIALIZED (SELECT clock_timestamp() AS now)';
const ago = (parameter: string) => `${NOW} - ${parameter} * interval '1 millisecond'`;

const FIGURES = `
  WITH ${CLOCK}
  SELECT count(*) AS requests, count(*) FILTER (WHERE failed) AS errors,
         percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE NOT failed) AS latency,
         round(1000 * extract(epoch FROM ${NOW} - max(at)))::float8 AS age
    FROM prediction WHERE model = $1 AND version = $2 AND at > ${ago('$3')} AND at <= ${NOW}`;

const LABELS = `
  WITH ${CLOCK}
  SELECT count(*) FILTER (WHERE truth = 1 AND predicted = 1) AS tp, count(*) FILTER (WHERE truth = 0 AND predicted = 1) AS fp,
         count(*) FILTER (WHERE truth = 0 AND predicted = 0) AS tn, count(*) FILTER (WHERE truth = 1 AND predicted = 0) AS fn
    FROM prediction_label
   WHERE model = $1 AND version = $2 AND predicted_at > ${ago('($3::float8 + $4::float8)')} AND predicted_at <= ${ago('$3::float8')}`;

const FEATURES = `
  WITH ${CLOCK}
  SELECT features FROM prediction
   WHERE model = $1 AND version = $2 AND at > ${ago('$3')} AND at <= ${NOW} AND features IS NOT NULL
   ORDER BY at DESC LIMIT $4`;

/** The order of a version's features, by any view of its hash: the same hash is the same names in the same order. */
const VIEW = `
  SELECT f.features FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id
    JOIN feature_view f ON f.feature_hash = v.feature_hash WHERE m.name = $1 AND v.version = $2 LIMIT 1`;

function serviceIn([figures]: readonly Figures[], freshMs: number): Reading<ServiceFigures> {
  if (!figures) throw new Error('the prediction log answered no row');
  const { requests, errors, latency, age } = figures;
  if (age !== null && age > freshMs)
    return unknown(
      'stale',
      `the newest prediction in the log is ${age} ms old, which is more than ${freshMs} ms: nobody logs any more`,
    );
  const [p50, p95, p99] = latency ?? [];
  const answered = p50 !== undefined && p95 !== undefined && p99 !== undefined;
  return known({ requests, errors, latency: answered ? { p50, p95, p99 } : null });
}

function labelsIn([counts]: readonly Labels[]): Confusion {
  if (!counts) throw new Error('the prediction log answered no row');
  return { truePositives: counts.tp, falsePositives: counts.fp, trueNegatives: counts.tn, falseNegatives: counts.fn };
}

function columnsOf(
  { view, rows }: { readonly view: readonly Feature[] | undefined; readonly rows: readonly FeatureRow['features'][] },
  names: readonly string[],
): FeatureReading {
  if (!view) return unknown('not measured', 'the version is not registered, so the order of its features is not known');
  if (rows.length === 0) return unknown('no data', 'no prediction of the window has its features in the log');
  const places = new Map(view.map(({ name }, place) => [name, place]));
  const strange = names.filter((name) => !places.has(name)).length;
  if (strange > 0) return unknown('not measured', `${strange} of the features asked for are not in the version's feature view`);
  const others = rows.filter(({ length }) => length !== view.length).length;
  if (others > 0)
    return unknown(
      'invalid sample',
      `${others} of ${rows.length} predictions have not the ${view.length} features of the version's view`,
    );
  const valuesOf = (place: number) => Float64Array.from(rows, (row) => singleOf(row[place]));
  return known(
    Object.fromEntries(
      names.map((name) => [name, { kind: 'values' as const, values: valuesOf(places.get(name) ?? Number.NaN) }]),
    ),
  );
}

/** A real comes as the shortest decimal that means it, which is another number in double precision; NaN where there is no value. */
function singleOf(value: number | null | undefined): number {
  const single = Math.fround(value ?? Number.NaN);
  return Number.isFinite(single) ? single : Number.NaN;
}
