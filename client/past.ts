import type { Past } from '../platform/read/told-at.js';
import { Refused } from './output.js';
import { shown } from './record.js';

const DAY_MS = 24 * 60 * 60_000;
const ALLOWED = 'a time with its zone (2026-11-28T09:00:00Z), a date (until its end in UTC), or an event of the trail (#123)';
/** As ISO 8601 writes it, and as this command line prints it. */
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d\d:\d\d)$/;

/** The moment that `--at` names, given the database's time; throws a Refused (2) for what is none, or is not over yet. */
export function pastOf(given: string, now: string): Past {
  const event = /^#([1-9]\d{0,14})$/.exec(given);
  if (event) return { event: Number(event[1]) };
  const day = /^\d{4}-\d\d-\d\d$/.test(given) ? dayOf(given) : undefined;
  // Of today there is only what is over of it.
  const instant =
    day === undefined ? instantOf(given) : day <= Date.parse(now) ? Math.min(day + DAY_MS - 1, Date.parse(now)) : day;
  if (instant === undefined) throw new Refused({ kind: 'usage', what: '--at', given: shown(given), allowed: ALLOWED });
  if (instant <= Date.parse(now)) return { instant };
  throw new Refused({ kind: 'usage', what: '--at is in the future', given: shown(given), allowed: `until now, ${now}` });
}

function instantOf(given: string): number | undefined {
  const [, date = '', time = '', zone = ''] = TIME.exec(given) ?? [];
  const at = Date.parse(`${date}T${time}${zone === 'UTC' ? 'Z' : zone}`);
  return dayOf(date) === undefined || Number.isNaN(at) ? undefined : at;
}

/** When a day of the calendar begins in UTC; undefined for one that no calendar has. */
function dayOf(date: string): number | undefined {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date) ? at : undefined;
}
