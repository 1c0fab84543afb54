import { describe, expect, it } from 'vitest';
import { neverOpens, nextWindow, openWindow, wrongWindow } from '../../domain/freeze-window.js';
import { instantsOf, isZone, localAt } from '../../domain/zone.js';

type Written = readonly [from: string, to: string];
const freeze = (zone: string, ...windows: Written[]) => ({ zone, windows: windows.map(([from, to]) => ({ from, to })) });
const iso = (instant: number | undefined) => (instant === undefined ? undefined : new Date(instant).toISOString());
const until = (of: ReturnType<typeof freeze>, at: string) => iso(openWindow(of, Date.parse(at))?.until);
const next = (of: ReturnType<typeof freeze>, at: string) => iso(nextWindow(of, Date.parse(at))?.from);

describe('rules §1, "freeze windows (recurring, with a time zone)"', () => {
  const nights = freeze('Europe/Berlin', ['18:00', '08:00']);

  it('a window holds from the very moment at which it begins, and no longer at the moment at which it ends', () => {
    expect(until(nights, '2026-11-27T16:59:59.999Z')).toBeUndefined();
    expect(until(nights, '2026-11-27T17:00:00.000Z')).toBe('2026-11-28T07:00:00.000Z');
    expect(until(nights, '2026-11-28T06:59:59.999Z')).toBe('2026-11-28T07:00:00.000Z');
    expect(until(nights, '2026-11-28T07:00:00.000Z')).toBeUndefined();
    expect(next(nights, '2026-11-28T07:00:00.000Z')).toBe('2026-11-28T17:00:00.000Z');
    expect(next(nights, '2026-11-28T17:00:00.000Z')).toBe('2026-11-29T17:00:00.000Z');
  });

  it('weekly and yearly ones, over the end of the week and of the year; a date alone is its midnight', () => {
    const weekends = freeze('UTC', ['fri 16:00', 'mon 08:00']);
    expect(until(weekends, '2026-11-27T15:59:59.999Z')).toBeUndefined();
    expect(until(weekends, '2026-11-27T16:00:00.000Z')).toBe('2026-11-30T08:00:00.000Z');
    expect(until(weekends, '2026-11-30T08:00:00.000Z')).toBeUndefined();
    const holidays = freeze('UTC', ['12-20 18:00', '01-05']);
    expect(until(holidays, '2026-12-20T17:59:59.999Z')).toBeUndefined();
    expect(until(holidays, '2026-12-20T18:00:00.000Z')).toBe('2027-01-05T00:00:00.000Z');
    expect(until(holidays, '2027-01-04T23:59:59.999Z')).toBe('2027-01-05T00:00:00.000Z');
    expect(until(holidays, '2027-01-05T00:00:00.000Z')).toBeUndefined();
    expect(next(holidays, '2026-12-21T00:00:00.000Z')).toBe('2027-12-20T18:00:00.000Z');
  });

  it('windows that follow on each other without a gap end with the last one', () => {
    const both = freeze('UTC', ['18:00', '08:00'], ['fri 16:00', 'mon 08:00'], ['mon 08:00', 'tue 00:00']);
    expect(until(both, '2026-11-28T12:00:00.000Z')).toBe('2026-12-01T08:00:00.000Z');
    expect(openWindow(both, Date.parse('2026-11-28T12:00:00.000Z'))?.window.from).toBe('fri 16:00');
  });

  it('without windows nothing holds', () => {
    expect(openWindow(freeze('UTC'), 0)).toBeUndefined();
    expect(nextWindow(freeze('UTC'), 0)).toBeUndefined();
  });
});

describe('clocks that are changed', () => {
  // In Berlin 2026-03-29 has no 02:00 to 03:00, and 2026-10-25 has it twice.
  it('a local time that is skipped stands for the moment at which the clocks are put forward', () => {
    const night = freeze('Europe/Berlin', ['02:30', '04:00']);
    expect(until(night, '2026-03-29T00:59:59.999Z')).toBeUndefined();
    expect(until(night, '2026-03-29T01:00:00.000Z')).toBe('2026-03-29T02:00:00.000Z');
    expect(until(freeze('Europe/Berlin', ['22:00', '02:30']), '2026-03-29T00:59:59.999Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(until(freeze('Europe/Berlin', ['02:15', '02:45']), '2026-03-29T01:00:00.000Z')).toBeUndefined();
  });

  it('of a local time that comes twice, a window begins with the first and ends with the last', () => {
    const short = freeze('Europe/Berlin', ['02:30', '02:45']);
    expect(until(short, '2026-10-25T00:29:59.999Z')).toBeUndefined();
    expect(until(short, '2026-10-25T00:30:00.000Z')).toBe('2026-10-25T01:45:00.000Z');
    expect(until(short, '2026-10-25T01:44:59.999Z')).toBe('2026-10-25T01:45:00.000Z');
    expect(until(short, '2026-10-25T01:45:00.000Z')).toBeUndefined();
  });

  it('a zone that skipped a whole day, and the moment of a change to the millisecond', () => {
    const local = Date.parse('2011-12-30T12:00:00Z');
    expect(iso(instantsOf('Pacific/Apia', local).first)).toBe('2011-12-30T10:00:00.000Z');
    expect(iso(localAt('Pacific/Apia', Date.parse('2011-12-30T10:00:00.000Z')))).toBe('2011-12-31T00:00:00.000Z');
    expect(iso(localAt('UTC', -1))).toBe('1969-12-31T23:59:59.999Z');
  });

  it('29 February: in a year without it the first moment after it, so that a window over it alone is empty', () => {
    const leap = freeze('UTC', ['02-29', '03-01']);
    expect(until(leap, '2028-02-29T00:00:00.000Z')).toBe('2028-03-01T00:00:00.000Z');
    expect(until(leap, '2027-03-01T00:00:00.000Z')).toBeUndefined();
    expect(next(leap, '2027-06-01T00:00:00.000Z')).toBe('2028-02-29T00:00:00.000Z');
    expect(until(freeze('UTC', ['02-29 12:00', '03-05']), '2027-03-01T00:00:00.000Z')).toBe('2027-03-05T00:00:00.000Z');
    expect(until(freeze('UTC', ['02-20', '02-29']), '2027-02-28T23:59:59.999Z')).toBe('2027-03-01T00:00:00.000Z');
  });
});

describe('windows that are refused', () => {
  it.each([
    ['18:00', '8:00', /"8:00" is no local time/],
    ['24:00', '08:00', /"24:00" is no local time/],
    ['fri', 'mon', /"fri" is no local time/],
    ['Fri 16:00', 'mon 08:00', /"Fri 16:00" is no local time/],
    ['02-30', '03-01', /"02-30" is no local time/],
    ['12-20 ', '01-01', /"12-20 " is no local time/],
    ['', '08:00', /"" is no local time/],
    ['fri 16:00', '08:00', /from is weekly and to is daily/],
    ['18:00', '18:00', /ends where it begins/],
    ['12-20', '12-20 00:00', /ends where it begins/],
  ])('%s to %s', (from, to, why) => {
    expect(wrongWindow({ from, to })).toMatch(why);
  });

  it.each<[boolean, ...Written[]]>([
    [true, ['00:00', '12:00'], ['12:00', '00:00']],
    [true, ['mon 00:00', 'sat 00:00'], ['sat 00:00', 'mon 00:00']],
    [false, ['mon 00:00', 'sat 00:00'], ['sat 00:00', 'sun 23:59']],
    [true, ['01-01', '07-01'], ['07-01', '01-01']],
    // In the years that begin on a Saturday.
    [true, ['01-03', '01-01'], ['sat 00:00', 'mon 00:00']],
    [false, ['18:00', '08:00'], ['fri 16:00', 'mon 08:00'], ['12-20', '01-05']],
    [false],
  ])('nothing could ever be promoted: %s %s', (isClosed, ...windows) => {
    expect(neverOpens(freeze('UTC', ...windows))).toBe(isClosed);
  });

  it('zones that the IANA data base does not have, and offsets, whose clocks know no summer', () => {
    expect(['Europe/Berlin', 'UTC', 'Asia/Calcutta'].map(isZone)).toEqual([true, true, true]);
    expect(['Europe/Berln', '+01:00', '', '01'].map(isZone)).toEqual([false, false, false, false]);
  });
});
