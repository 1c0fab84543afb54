const DURATION_UNITS_MS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const SIZE_EXPONENTS = { B: 0, kB: 3, MB: 6, GB: 9, TB: 12 } as const;

export type DurationUnit = keyof typeof DURATION_UNITS_MS;

/** The units a duration may be written in, smallest first. */
export const DURATION_UNITS = (Object.keys(DURATION_UNITS_MS) as DurationUnit[]).reverse();
/** The units a size may be written in, smallest first; decimal, so 1 MB is 10^6 bytes. */
export const SIZE_UNITS = Object.keys(SIZE_EXPONENTS);

const DURATION = /^(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,12})ms)?$/;

/** The milliseconds of a duration such as `7d`, `12h` or `7d12h` (whole numbers, largest unit first), or undefined. */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)?.slice(1);
  if (!parts?.some((part) => part !== undefined)) return undefined;
  const total = Object.values(DURATION_UNITS_MS).reduce((sum, unit, i) => sum + Number(parts[i] ?? 0) * unit, 0);
  return Number.isSafeInteger(total) ? total : undefined;
}

/** A duration in milliseconds as people write it, in days and below: `7d12h`, `1m30s`, `0s`; rounded to whole milliseconds. */
export function formatDuration(ms: number): string {
  let rest = Math.round(Math.abs(ms));
  const parts: string[] = [];
  for (const [name, unit] of Object.entries(DURATION_UNITS_MS)) {
    if (name === 'w') continue;
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) parts.push(`${count}${name}`);
  }
  if (parts.length === 0) return '0s';
  return `${ms < 0 ? '-' : ''}${parts.join('')}`;
}

/** The bytes of a size such as `100MB` or `1.5GB`, or undefined when it is not written so or not whole bytes. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,12})?)(B|kB|MB|GB|TB)$/.exec(text);
  if (!match) return undefined;
  // Shifting the decimal point in the text keeps 1.1GB exact, where a product of floats would not.
  const bytes = Number(`${match[1]}e${SIZE_EXPONENTS[match[2] as keyof typeof SIZE_EXPONENTS]}`);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A fraction 0–1 from `85%` or the number 0.85, or undefined; `85%` and `0.85` are the same number exactly. */
export function parseFraction(written: string | number): number | undefined {
  if (typeof written === 'number') return written >= 0 && written <= 1 ? written : undefined;
  const match = /^(\d{1,3}(?:\.\d{1,12})?)%$/.exec(written);
  if (!match) return undefined;
  const fraction = Number(`${match[1]}e-2`);
  return fraction <= 1 ? fraction : undefined;
}

/** The whole calendar years of `1y`, or undefined. */
export function parseYears(text: string): number | undefined {
  const match = /^(\d{1,3})y$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

const UNIT_WORDS: readonly (readonly [RegExp, DurationUnit])[] = [
  [/^(ms|msecs?|millis|milliseconds?)$/, 'ms'],
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
  [/^(w|wks?|weeks?)$/, 'w'],
];

/** The duration a mistyped one most likely meant, or undefined: 7 with the usual unit `d` is `7d`, `7 Days` too. */
export function suggestDuration(written: string | number, usual: DurationUnit): string | undefined {
  const match = /^\s*(\d{1,9})\s*([a-z]*)\s*$/i.exec(String(written));
  if (!match) return undefined;
  const word = match[2]?.toLowerCase() ?? '';
  const unit = word === '' ? usual : UNIT_WORDS.find(([pattern]) => pattern.test(word))?.[1];
  return unit && `${match[1]}${unit}`;
}

/** The size a mistyped one most likely meant, or undefined: 100 with the usual unit `MB` is `100MB`, `100 mb` too. */
export function suggestSize(written: string | number, usual: string): string | undefined {
  const match = /^\s*(\d{1,12}(?:\.\d{1,12})?)\s*([a-z]*)\s*$/i.exec(String(written));
  if (!match) return undefined;
  const word = match[2]?.toLowerCase() ?? '';
  const unit = word === '' ? usual : SIZE_UNITS.find((name) => name.toLowerCase() === word);
  return unit && `${match[1]}${unit}`;
}

/** What a number outside 0–1 most likely meant, or undefined: 85 is `0.85 or 85%`. */
export function suggestFraction(written: string | number): string | undefined {
  const match = /^\s*(\d{1,3}(?:\.\d{1,12})?)\s*%?\s*$/.exec(String(written));
  const number = Number(match?.[1]);
  if (!match || number > 100) return undefined;
  return number > 1 || /%/.test(match[0]) ? `${Number(`${match[1]}e-2`)} or ${match[1]}%` : `${match[1]} without quotes`;
}
