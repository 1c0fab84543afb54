import { known, unknown, type Reading } from '../../domain/live.js';
import type { WindowAsked } from '../ports.js';
import type { Sample } from './prometheus-http.js';

/** The one sample that a query answers for a version, and when it was evaluated; no label's value stands in what is wrong. */
export function oneSample(
  name: string,
  samples: readonly Sample[],
  asked: Pick<WindowAsked, 'model' | 'version'>,
): Reading<Sample> {
  const strange = strangeLabels(name, samples, asked);
  if (strange) return strange;
  const [sample, ...others] = samples;
  if (!sample) return unknown('no data', `the query ${name} answers no series`);
  if (others.length > 0) return unknown('ambiguous', `the query ${name} answers ${samples.length} series, not one`);
  return known(sample);
}

/** That some of the series are not said to be of the version asked for; undefined where all are. */
export function strangeLabels(
  name: string,
  samples: readonly Sample[],
  { model, version }: Pick<WindowAsked, 'model' | 'version'>,
): ReturnType<typeof unknown> | undefined {
  const others = samples.filter(({ labels }) => labels['model'] !== model || labels['version'] !== version).length;
  if (others === 0) return undefined;
  return unknown(
    'label mismatch',
    `of the query ${name} ${others} of ${samples.length} series are not labelled with this model and version`,
  );
}

/** Prometheus writes numbers without an exponent; what it stands for where it has none. */
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const NOT_NUMBERS = ['NaN', '+Inf', '-Inf'] as const;
type NotANumber = (typeof NOT_NUMBERS)[number];

/** A value as Prometheus writes it: a number, or the name of what is none; undefined for anything else, and for what no double holds. */
export function valueOf({ value }: Pick<Sample, 'value'>): number | NotANumber | undefined {
  const name = NOT_NUMBERS.find((each) => each === value);
  if (name) return name;
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : Number.NaN;
  return Number.isFinite(number) && !Object.is(number, -0) ? number : undefined;
}

/** Whether a sample is what a quantile, or a share, of nothing is. */
export function isOfNothing(sample: Sample): boolean {
  return valueOf(sample) === 'NaN';
}

/** A count, a time or a duration: a number that is not below zero. */
export function amountOf(name: string, sample: Sample): Reading<number> {
  const value = valueOf(sample);
  if (typeof value !== 'number') return unknown('invalid sample', `the query ${name} answers ${value ?? 'what is no number'}`);
  return value < 0 ? unknown('invalid sample', `the query ${name} answers a negative number`) : known(value);
}
