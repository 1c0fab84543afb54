import type { Policy } from './policy.js';
import { instantsOf, localAt, type LocalTime } from './zone.js';

/** The recurring times in which a policy lets nothing be promoted. */
export type FreezePolicy = Policy['freeze'];

/** One recurring window, as written: `18:00`, `fri 16:00`, `12-20` or `12-20 18:00`, both ends in the same form. */
export type FreezeWindow = FreezePolicy['windows'][number];

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const WEEK_MS = 7 * DAY_MS;
/** From the day on which epoch milliseconds begin. */
const WEEKDAYS = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];
const DAYS_IN = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Leap years and weekdays come round in so many years. */
const CALENDAR_YEARS = 28;
/** Windows that follow on each other end with the last one; a policy that never opens is refused, so none lasts longer. */
const LONGEST_MS = 367 * DAY_MS;

/** One end of a window: where it is in its day or week, or its date. */
type End =
  | { readonly form: 'daily' | 'weekly'; readonly phase: number }
  | { readonly form: 'yearly'; readonly month: number; readonly day: number; readonly time: number };

const PERIOD = { daily: DAY_MS, weekly: WEEK_MS } as const;

function endOf(text: string): End | undefined {
  const [, weekday, month, date, hours, minutes] =
    /^(?:(mon|tue|wed|thu|fri|sat|sun) (?=\d)|(\d\d)-(\d\d)(?: (?=\d)|$))?(?:(\d\d):(\d\d))?$/.exec(text) ?? [];
  const [hour, minute] = [Number(hours ?? 0), Number(minutes ?? 0)];
  if (text === '' || hour > 23 || minute > 59) return undefined;
  const time = (hour * 60 + minute) * MINUTE_MS;
  if (month !== undefined) {
    const [of, day] = [Number(month) - 1, Number(date)];
    return day >= 1 && day <= (DAYS_IN[of] ?? 0) ? { form: 'yearly', month: of, day, time } : undefined;
  }
  if (hours === undefined) return undefined;
  if (weekday === undefined) return { form: 'daily', phase: time };
  return { form: 'weekly', phase: WEEKDAYS.indexOf(weekday) * DAY_MS + time };
}

/** What is wrong with a window as it is written, or undefined. */
export function wrongWindow({ from, to }: FreezeWindow): string | undefined {
  const [begin, end] = [endOf(from), endOf(to)];
  if (!begin || !end) {
    const forms = '18:00 (daily), fri 16:00 (weekly), 12-20 or 12-20 18:00 (yearly)';
    return `${JSON.stringify(begin ? to : from)} is no local time; write ${forms}`;
  }
  if (begin.form !== end.form) return `from is ${begin.form} and to is ${end.form}; write both ends in the same form`;
  return JSON.stringify(begin) === JSON.stringify(end) ? 'ends where it begins; write two different ends' : undefined;
}

/** Whether windows leave no moment of some year in which anything could be promoted. */
export function neverOpens({ windows }: FreezePolicy): boolean {
  const weekly = windows.filter(({ from }) => endOf(from)?.form !== 'yearly');
  if (isWeekCovered(weekly)) return true;
  return Array.from({ length: CALENDAR_YEARS }, (_, i) => 2024 + i).some((year) => {
    const open = openWindow({ zone: 'UTC', windows }, Date.UTC(year, 0, 1));
    return open !== undefined && open.until >= Date.UTC(year + 1, 0, 1);
  });
}

function isWeekCovered(windows: readonly FreezeWindow[]): boolean {
  const stretches = windows.flatMap((window) => stretchesOf(window, WEEK_MS, 8)).sort((a, b) => a.from - b.from);
  let covered = WEEK_MS;
  for (const { from, to } of stretches) if (from <= covered) covered = Math.max(covered, to);
  return covered >= 2 * WEEK_MS;
}

interface Stretch {
  readonly from: LocalTime;
  readonly to: LocalTime;
}

/** The stretches of a window on the clocks of its zone: the two that began last before a local time, and so many after it. */
function stretchesOf({ from, to }: FreezeWindow, local: LocalTime, after = 2): Stretch[] {
  const [begin, end] = [endOf(from), endOf(to)];
  const around = Array.from({ length: after + 2 }, (_, i) => i - 1);
  if (begin?.form === 'yearly' && end?.form === 'yearly') {
    const year = new Date(local).getUTCFullYear();
    const isLater = momentIn(2024, end) > momentIn(2024, begin);
    return around.map((years) => ({
      from: momentIn(year + years, begin),
      to: momentIn(year + years + (isLater ? 0 : 1), end),
    }));
  }
  if (!begin || begin.form === 'yearly' || !end || end.form === 'yearly' || begin.form !== end.form)
    throw new RangeError(`${from} to ${to} is no freeze window`);
  const period = PERIOD[begin.form];
  const last = Math.floor((local - begin.phase) / period) * period + begin.phase;
  const length = (end.phase - begin.phase + period) % period;
  return around.map((times) => ({ from: last + times * period, to: last + times * period + length }));
}

/** Where a year has no 29 February, the first moment after it stands for all of it. */
function momentIn(year: number, { month, day, time }: Extract<End, { form: 'yearly' }>): LocalTime {
  const midnight = Date.UTC(year, month, day);
  return new Date(midnight).getUTCMonth() === month ? midnight + time : midnight;
}

/** As instants: where the clocks are put back over an end, a window begins the first and ends the last time they show it. */
function inInstants({ from, to }: Stretch, zone: string): { from: number; until: number } {
  return { from: instantsOf(zone, from).first, until: instantsOf(zone, to).last };
}

/** A window that holds, and the instant at which it and what follows on it without a gap are over. */
export interface OpenWindow {
  readonly window: FreezeWindow;
  readonly until: number;
}

/**
 * The window that holds at an instant (epoch milliseconds); undefined where none does. A window holds from the very moment
 * at which it begins, and no longer at the moment at which it ends.
 */
export function openWindow(freeze: FreezePolicy, instant: number): OpenWindow | undefined {
  const first = holding(freeze, instant);
  let last = first;
  for (let next = first; next && next.until - instant < LONGEST_MS; next = holding(freeze, next.until)) last = next;
  return first && last && { window: first.window, until: last.until };
}

/** Of the windows that hold at an instant the one that ends last. */
function holding({ zone, windows }: FreezePolicy, instant: number): OpenWindow | undefined {
  const local = windows.length > 0 ? localAt(zone, instant) : 0;
  const open = windows.flatMap((window) =>
    stretchesOf(window, local)
      .map((stretch) => inInstants(stretch, zone))
      .filter(({ from, until }) => from <= instant && instant < until)
      .map(({ until }) => ({ window, until })),
  );
  return open.sort((a, b) => b.until - a.until)[0];
}

/** The window that begins next after an instant, and when; undefined where a policy has none. */
export function nextWindow(freeze: FreezePolicy, instant: number): { window: FreezeWindow; from: number } | undefined {
  const { zone, windows } = freeze;
  const local = windows.length > 0 ? localAt(zone, instant) : 0;
  const coming = windows.flatMap((window) =>
    stretchesOf(window, local, 8)
      .map((stretch) => inInstants(stretch, zone))
      .filter(({ from, until }) => from > instant && until > from)
      .map(({ from }) => ({ window, from })),
  );
  return coming.sort((a, b) => a.from - b.from)[0];
}

/** A window in words, as it is written. */
export function windowText({ from, to }: FreezeWindow, zone: string): string {
  return `${from} → ${to} (${zone})`;
}
