import { z } from 'zod';
import { MODEL_NAME, SHA256 } from '../../domain/ids.js';
import {
  DURATION_UNITS,
  formatDuration,
  parseDuration,
  parseFraction,
  parseSize,
  parseYears,
  SIZE_UNITS,
  suggestDuration,
  suggestFraction,
  suggestSize,
  type DurationUnit,
} from '../../domain/quantity.js';
import { quoted } from './quoted.js';
import { unknownKeys } from './schema-problems.js';

/** A map that has exactly these keys; any other is refused with the nearest valid one. `form` is named where no map is given. */
export function section<T extends z.ZodRawShape>(shape: T, form?: string) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, Object.keys(shape));
      return form !== undefined && issue.input !== undefined ? `must be ${form}` : undefined;
    },
  });
}

// Direction marks would let a text look other than it is where a signer reads it.
const PRINTABLE = /^(?:(?![\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]).)*$/u;

/** Text of one line, as written. */
export function text(maxLength = 500) {
  return z.string().min(1).max(maxLength).regex(PRINTABLE, { error: 'must be one line of printable text' });
}

/** A name that ids are made of: `[a-z0-9_-]{1,64}`. */
export const name = z
  .string()
  .regex(MODEL_NAME, { error: ({ input }) => `a name has 1 to 64 of the characters a-z 0-9 _ -, not ${quoted(input)}` });

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number) {
  return z.int().min(min).max(max);
}

type Reading = { readonly value: number } | { readonly wrong: string; readonly hint: string | undefined };

/** How a quantity may be written, for the published schemas: editors then say so while somebody types. */
interface Written {
  readonly description: string;
  readonly pattern: string;
  readonly number?: { readonly minimum: number; readonly maximum: number };
}

function quantity({ description, pattern, number }: Written, read: (written: string | number) => Reading) {
  const forms = [{ type: 'string' as const, pattern }, ...(number ? [{ type: 'number' as const, ...number }] : [])];
  // What no reading can make sense of is described like a mistyped text, so that the message names the allowed form.
  const describe = (written: string | number): string => {
    const reading = read(written);
    if ('value' in reading) return '';
    return reading.hint === undefined ? reading.wrong : `${reading.wrong}; did you mean ${reading.hint}?`;
  };
  return z
    .union([z.string(), z.number()], { error: ({ input }) => (input === undefined || input === null ? undefined : describe('')) })
    .meta({ description, anyOf: forms })
    .transform((written, context) => {
      const reading = read(written);
      if ('value' in reading) return reading.value;
      context.addIssue({ code: 'custom', message: describe(written) });
      return z.NEVER;
    });
}

const FRACTION = {
  description: 'A fraction from 0 to 1: 0.85 or 85%',
  pattern: String.raw`^\d{1,3}(\.\d{1,12})?%$`,
  number: { minimum: 0, maximum: 1 },
};

/** A fraction 0–1, written 0.85 or 85%. */
export const fraction = quantity(FRACTION, (written) => {
  const value = parseFraction(written);
  if (value !== undefined) return { value };
  const hint = suggestFraction(written);
  if (typeof written === 'number' || /^\d+(\.\d+)?\s*%$/.test(written)) return { wrong: 'must be 0–1', hint };
  return { wrong: 'must be a finite number from 0 to 1 or a percentage', hint };
});

const DURATION = String.raw`^(?=\d)(\d{1,9}w)?(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?(\d{1,12}ms)?$`;

/** A duration in milliseconds, written with its unit and within bounds in milliseconds; a bare number is taken to mean `usual`. */
export function duration({ usual, min = 1, max }: { usual: DurationUnit; min?: number; max: number }) {
  const least = min <= 1 ? (min === 0 ? 'at least 0s' : 'more than 0') : `at least ${formatDuration(min)}`;
  const wrong = `must be a duration with its unit (${DURATION_UNITS.join(', ')}), ${least} and at most ${formatDuration(max)}`;
  const within = (written: string | number | undefined): number | undefined => {
    const value = typeof written === 'string' ? parseDuration(written) : undefined;
    return value !== undefined && value >= min && value <= max ? value : undefined;
  };
  const description = `A duration with its unit (${DURATION_UNITS.join(', ')}), ${least} and at most ${formatDuration(max)}`;
  return quantity({ description, pattern: DURATION }, (written) => {
    const value = within(written);
    if (value !== undefined) return { value };
    const hint = suggestDuration(written, usual);
    return { wrong, hint: hint !== written && within(hint) !== undefined ? hint : undefined };
  });
}

const SIZE = {
  description: `A size with its unit (${SIZE_UNITS.join(', ')}), more than 0`,
  pattern: String.raw`^\d{1,12}(\.\d{1,12})?(${SIZE_UNITS.join('|')})$`,
};

/** A size in bytes, more than 0, written with its decimal unit; a bare number is taken to mean megabytes. */
export const size = quantity(SIZE, (written) => {
  const value = typeof written === 'string' ? parseSize(written) : undefined;
  if (value !== undefined && value > 0) return { value };
  const hint = suggestSize(written, 'MB');
  const isUsable = hint !== undefined && hint !== written && (parseSize(hint) ?? 0) > 0;
  return { wrong: `must be a size with its unit (${SIZE_UNITS.join(', ')}), more than 0`, hint: isUsable ? hint : undefined };
});

const YEARS = { description: 'Whole calendar years, 1y to 100y', pattern: String.raw`^[1-9]\d{0,2}y$` };

/** Whole calendar years, at least one, written `1y`. */
export const years = quantity(YEARS, (written) => {
  const value = typeof written === 'string' ? parseYears(written) : undefined;
  if (value !== undefined && value >= 1 && value <= 100) return { value };
  const hint = /^[1-9]\d?$/.test(String(written)) ? `${written}y` : undefined;
  return { wrong: 'must be whole calendar years, at least 1y and at most 100y', hint };
});

function byRule(
  published: { readonly description: string; readonly pattern?: string },
  find: (written: string) => string | undefined,
) {
  return z
    .string()
    .meta(published)
    .superRefine((written, context) => {
      const message = find(written);
      if (message !== undefined) context.addIssue({ code: 'custom', message, params: { kind: 'rule' } });
    });
}

/** A SHA-256 in lower-case hex. */
export const sha256Field = byRule(
  { description: 'The SHA-256 of the file in lower-case hex', pattern: SHA256.source },
  (written) => (SHA256.test(written) ? undefined : `must be the SHA-256 as 64 digits 0-9 a-f, not ${quoted(written)}`),
);

/** A path inside the directory of the file that names it (promises §3, A1). */
export const relativePath = byRule({ description: 'A path below the directory of this file, with /' }, wrongPath);

/** Why a path may not be used, or undefined: it must stay inside its directory on every system. */
export function wrongPath(path: string): string | undefined {
  const wrong = (what: string): string => `${quoted(path)} ${what}; write a path below this directory, with /`;
  if (path === '') return 'is empty';
  if (path.length > 500) return 'a path has at most 500 characters';
  if (/[\p{Cc}\p{Cs}]/u.test(path)) return wrong('holds a control character');
  if (path.includes('\\')) return wrong('holds a backslash');
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return wrong('is absolute');
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) return wrong('has an empty part, . or ..');
  return undefined;
}

const FEATURE_TYPES = ['float32', 'float64', 'int64', 'int32', 'bool', 'string'] as const;

/** The ordered features of a model or a view: at least one, names unique. */
export const features = z.array(section({ name: text(200), type: z.enum(FEATURE_TYPES) })).superRefine((list, context) => {
  if (list.length === 0)
    context.addIssue({ code: 'custom', message: 'at least one feature is required', params: { kind: 'rule' } });
  const seen = new Map<string, number>();
  list.forEach((feature, i) => {
    const before = seen.get(feature.name);
    if (before === undefined) seen.set(feature.name, i);
    else context.addIssue({ code: 'custom', path: [i, 'name'], message: `the same name as features[${before}]` });
  });
});

/** A version of a feature view, by name. */
export const featureViewRef = section({ name, version: whole(1, 1_000_000) });
