const HOUR_MS = 3_600_000;
/** No zone ever changed its clocks twice within so short a time. */
const APART_MS = 36 * HOUR_MS;

/** What the clocks of a zone show at an instant, written as the epoch milliseconds at which UTC shows the same. */
export type LocalTime = number;

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known) return known;
  const digits = '2-digit';
  const clock = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn-hc-h23', {
    timeZone: zone,
    year: 'numeric',
    month: digits,
    day: digits,
    hour: digits,
    minute: digits,
    second: digits,
  });
  clocks.set(zone, clock);
  return clock;
}

/** Whether this is the name of a zone of the IANA data base; an offset such as +01:00 is none, its clocks know no summer. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** What the clocks of a zone show at an instant (epoch milliseconds). */
export function localAt(zone: string, instant: number): LocalTime {
  const parts = new Map(
    clockOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown + (((instant % 1_000) + 1_000) % 1_000);
}

/**
 * The instants at which the clocks of a zone show a time: the same one twice on most days; two where the clocks are put back
 * over it; where they are put forward over it, the moment at which that happens.
 */
export function instantsOf(zone: string, local: LocalTime): { readonly first: number; readonly last: number } {
  const offset = (instant: number): number => localAt(zone, instant) - instant;
  const candidates = [local - offset(local - APART_MS), local - offset(local + APART_MS)];
  const shown = candidates.filter((instant) => localAt(zone, instant) === local);
  if (shown.length > 0) return { first: Math.min(...shown), last: Math.max(...shown) };
  let [before, after] = [Math.min(...candidates), Math.max(...candidates)];
  const old = offset(before);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offset(middle) === old) before = middle;
    else after = middle;
  }
  return { first: after, last: after };
}
