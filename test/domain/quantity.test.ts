import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  parseDuration,
  parseFraction,
  parseSize,
  parseYears,
  suggestDuration,
  suggestFraction,
  suggestSize,
} from '../../domain/quantity.js';

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['60s', 60_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['7d12h', 648_000_000],
    ['1m30s', 90_000],
    ['0s', 0],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    '',
    '7',
    '-1d',
    '1.5h',
    '7 d',
    '7D',
    '12h7d',
    '1d1d',
    '1 fortnight',
    'P400Y',
    '1y',
    '7d ',
    'd',
    '999999999999d',
    '１d',
  ])('does not read %j', (text) => expect(parseDuration(text)).toBeUndefined());

  it('reads what it writes', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });

  it('writes days and below, and the sign', () => {
    expect([648_000_000, 1_209_600_000, 90_250, 0, -1500].map(formatDuration)).toEqual([
      '7d12h',
      '14d',
      '1m30s250ms',
      '0s',
      '-1s500ms',
    ]);
  });

  it('suggests what was meant', () => {
    expect([
      suggestDuration(7, 'd'),
      suggestDuration('12 hours', 'd'),
      suggestDuration('7D', 's'),
      suggestDuration('60', 's'),
    ]).toEqual(['7d', '12h', '7d', '60s']);
    expect([suggestDuration('1 fortnight', 'd'), suggestDuration(-1, 'd'), suggestDuration(1.5, 'd')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('sizes', () => {
  it.each([
    ['1B', 1],
    ['10kB', 10_000],
    ['100MB', 100_000_000],
    ['1GB', 1_000_000_000],
    ['1.1GB', 1_100_000_000],
    ['2TB', 2e12],
  ])('reads %s', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['', '100', '100mb', '1 GB', '1KB', '1MiB', '-1MB', '0.5B', '1e3MB', '999999999999TB'])('does not read %j', (text) =>
    expect(parseSize(text)).toBeUndefined(),
  );

  it('suggests what was meant', () => {
    expect([suggestSize(100, 'MB'), suggestSize('1 gb', 'MB'), suggestSize('1MiB', 'MB')]).toEqual(['100MB', '1GB', undefined]);
  });
});

describe('fractions and years', () => {
  it('reads a percentage as exactly the number with the point moved', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (hundredths) => {
        const percent = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}%`;
        return parseFraction(percent) === Number(`${hundredths}e-4`);
      }),
    );
    expect([parseFraction('85%'), parseFraction(0.85), parseFraction('100%'), parseFraction(0)]).toEqual([0.85, 0.85, 1, 0]);
  });

  it.each([['0.85'], ['101%'], [85], [-0.1], ['-1%'], [Number.NaN], [Number.POSITIVE_INFINITY], ['85 %'], ['%']])(
    'does not read %j',
    (written) => expect(parseFraction(written)).toBeUndefined(),
  );

  it('suggests what was meant', () => {
    expect([
      suggestFraction(85),
      suggestFraction('0.85'),
      suggestFraction('85 %'),
      suggestFraction(850),
      suggestFraction(-1),
    ]).toEqual(['0.85 or 85%', '0.85 without quotes', '0.85 or 85%', undefined, undefined]);
  });

  it('reads whole years', () => {
    expect([parseYears('1y'), parseYears('10y'), parseYears('1'), parseYears('12m'), parseYears('1.5y')]).toEqual([
      1,
      10,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
