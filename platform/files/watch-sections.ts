import { z } from 'zod';
import { CHANNELS } from '../../domain/notice.js';
import { FIRST_WATCH, type PrometheusPolicy } from '../../domain/watch-policy.js';
import { formatDuration } from '../../domain/quantity.js';
import { duration, fraction, section, text, whole } from './fields.js';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const written = (ms: number): string => formatDuration(ms);
const channels = z
  .array(z.enum(CHANNELS))
  .refine((list) => new Set(list).size === list.length, { error: 'names a channel twice' });
const query = z.union([z.literal(''), text(4_000)]);
const { labels, patience, drift, incidents, staging, routing, reviews, prometheus } = FIRST_WATCH;
const { latency_unit: unit, ...queries } = prometheus;

/** What a policy says of labels, drift, incidents, channels and the source; what a file leaves out holds as it did before. */
export const watchSections = {
  labels: section({
    delay: duration({ usual: 'h', min: 0, max: YEAR_MS }).prefault(written(labels.delay)),
    window: duration({ usual: 'h', min: SECOND_MS, max: YEAR_MS }).prefault(written(labels.window)),
  }).prefault({}),
  patience: section({
    warning: duration({ usual: 'm', min: SECOND_MS, max: DAY_MS }).prefault(written(patience.warning)),
    critical: duration({ usual: 'm', min: SECOND_MS, max: DAY_MS }).prefault(written(patience.critical)),
  }).prefault({}),
  drift: section({
    psi: z.number().min(0).max(100).default(drift.psi),
    ks: fraction.prefault(drift.ks),
    false_alarms: fraction.prefault(drift.false_alarms),
    min_rows: whole(20, 1_000_000).default(drift.min_rows),
    max_rows: whole(20, 100_000).default(drift.max_rows),
    bins: whole(2, 50).default(drift.bins),
    trend_windows: whole(3, 1_000).default(drift.trend_windows),
  })
    .refine(({ min_rows: least, max_rows: most }) => least <= most, { error: 'min_rows must not be more than max_rows' })
    .refine(({ false_alarms: share }) => share > 0 && share < 1, { error: 'false_alarms must be more than 0 and less than 1' })
    .prefault({}),
  incidents: section({
    recovery_windows: whole(1, 1_000).default(incidents.recovery_windows),
    page_again: duration({ usual: 'm', min: SECOND_MS, max: DAY_MS }).prefault(written(incidents.page_again)),
  }).prefault({}),
  staging: section({ traffic: z.enum(['optional', 'required']).default(staging.traffic) }).prefault({}),
  routing: section({
    critical: channels.default([...routing.critical]),
    warning: channels.default([...routing.warning]),
    info: channels.default([...routing.info]),
    addressed: channels.default([...routing.addressed]),
  }).prefault({}),
  reviews: section({
    performance: duration({ usual: 'd', min: SECOND_MS, max: YEAR_MS }).prefault(written(reviews.performance)),
  }).prefault({}),
  prometheus: section({
    latency_unit: z.enum(['s', 'ms']).default(unit),
    ...(Object.fromEntries(Object.entries(queries).map(([name, usual]) => [name, query.default(usual)])) as Record<
      Exclude<keyof PrometheusPolicy, 'latency_unit'>,
      z.ZodDefault<typeof query>
    >),
  }).prefault({}),
};
