import { z } from 'zod';
import { predictionsAsked } from '../../domain/load.js';
import { METRICS_SOURCES, type Policy } from '../../domain/policy.js';
import { LATER_SECTIONS } from '../../domain/policy-sections.js';
import { DURATION_UNITS } from '../../domain/quantity.js';
import { RIGHTS, type Right } from '../../domain/rights.js';
import { duration, fraction, name, section, size, text, whole, years } from './fields.js';
import { freezeSection } from './freeze-section.js';
import { scanSection } from './scan-section.js';
import { watchSections } from './watch-sections.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

/** The fewest of which one is beyond the 95th percentile. */
const LEAST_PREDICTIONS = 20;

const latency = duration({ usual: 'ms', max: HOUR_MS });
const soakLength = duration({ usual: 'd', max: YEAR_MS });
const group = name;
const groups = z
  .array(group)
  .min(1, { error: 'at least one group is required' })
  .refine((list) => new Set(list).size === list.length, { error: 'names a group twice' });
const slices = z
  .array(text(200))
  .max(20)
  .refine((list) => new Set(list).size === list.length, { error: 'names a feature twice' });
const load = section({
  rate: z.number().min(0.1).max(1_000),
  for: duration({ usual: 's', min: SECOND_MS, max: 5 * MINUTE_MS }),
  cores: whole(1, 64),
}).refine(({ rate, for: forMs }) => predictionsAsked(rate, forMs) >= LEAST_PREDICTIONS, {
  error: `asks for fewer than ${LEAST_PREDICTIONS} predictions, of which there is no 95th percentile; raise rate or for`,
});
const column = section({
  min: z.number().optional(),
  max: z.number().optional(),
  values: z
    .array(z.union([text(200), z.number(), z.boolean()], { error: 'must be text, a number, true or false' }))
    .min(1)
    .max(1_000)
    .optional(),
  nulls: fraction.optional(),
}).refine(({ min, max }) => min === undefined || max === undefined || min <= max, { error: 'min must not be more than max' });
const dataQuality = section({
  min_rows: whole(1, 1_000_000_000),
  nulls: fraction,
  duplicates: fraction,
  minority: fraction,
  overlap: whole(0, 1_000_000_000),
  freshness: duration({ usual: 'd', max: 20 * YEAR_MS }),
  columns: z.record(text(200), column),
});
const gate = section({ asks: text(), group, quorum: whole(1, 9) });
const rightOf = (right: Right) => groups.default([...LATER_SECTIONS.rights[right]]);
const rightFields = Object.fromEntries(RIGHTS.map((right) => [right, rightOf(right)]));
const rights = section(rightFields as Record<Right, ReturnType<typeof rightOf>>);

/**
 * A whole policy as people write it; parsing turns every figure into one unit (fractions, milliseconds, bytes).
 * Its gates are checked for being exactly the four before it is applied.
 */
export const policySchema = section({
  model: name,
  thresholds: section({
    accuracy: section({ min: fraction }),
    roc_auc: section({ min: fraction }),
    latency_p95: section({ max: latency }),
    size: section({ below: size }),
    memory: section({ below: size }),
    cpu: section({ below: fraction }),
  }),
  checks: section({ retries: whole(0, 10) }),
  load,
  holdout: section({ min_rows: whole(1, 5_000_000) }),
  performance: section({
    gate: z.enum(['point', 'lower']),
    slices,
    slice_accuracy: section({ min: fraction }),
    margin: fraction,
  }),
  checklist: section({ documentation: section({ min_characters: whole(1, 1_000_000) }) }),
  scan: scanSection,
  data_quality: dataQuality,
  soak: section(
    {
      min: soakLength,
      max: soakLength,
      remind_before: z.array(duration({ usual: 'h', max: YEAR_MS })).max(10),
      warning: z.enum(['ignores', 'pauses', 'resets']),
    },
    `a map such as {min: 7d, max: 14d}, each more than 0 and at most 365d (units ${DURATION_UNITS.join(', ')})`,
  ),
  gates: section({ 'data-science': gate, devops: gate, business: gate, security: gate }),
  reminders: section({
    gate: duration({ usual: 'd', max: YEAR_MS }),
    escalate: duration({ usual: 'd', max: YEAR_MS }),
    escalation: group,
  }),
  contacts: z.record(
    name,
    z.union([text(254), z.array(text(254)).max(50)], { error: 'must be an address or a list of addresses' }),
  ),
  watch: section({
    every: duration({ usual: 's', min: SECOND_MS, max: HOUR_MS }),
    window: duration({ usual: 'm', max: 30 * DAY_MS }),
    min_samples: whole(1, 1_000_000_000),
    min_labels: whole(1, 1_000_000_000),
    source: z.enum(METRICS_SOURCES),
  }),
  alerts: section({
    critical: section({ accuracy_drop: fraction, error_rate: fraction }),
    warning: section({ accuracy_drop: fraction, latency_p95: latency }),
    info: section({ accuracy_drop: fraction }),
  }),
  rollback: section({
    accuracy_drop: fraction,
    error_rate: fraction,
    latency_p95: latency,
    windows: whole(1, 100),
    cooldown: duration({ usual: 'h', min: 0, max: YEAR_MS }),
  }),
  rights: rights.prefault({}),
  freeze: freezeSection.prefault({}),
  access: section({ staging: groups, production: groups }),
  ...watchSections,
  retention: years.transform((count) => ({ years: count })),
}) satisfies z.ZodType<Policy>;
