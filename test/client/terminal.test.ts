import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { changeKey } from '../../client/show/change.js';
import { frame } from '../../client/show/screen.js';
import { terminalOf } from '../../client/terminal.js';
import { cellsOf } from '../../client/width.js';
import { attempt, status, version } from './samples.js';

describe('the terminal', () => {
  const tty = { isTTY: true, columns: 132, rows: 50 } as const;
  const file = { isTTY: false } as unknown as typeof tty;
  it.each([
    ['a terminal', tty, {}, { colours: true, isScreen: true, width: 132 }],
    ['a terminal with NO_COLOR', tty, { NO_COLOR: '1' }, { colours: false, isScreen: true, width: 132 }],
    ['a dumb terminal', tty, { TERM: 'dumb' }, { colours: false, isScreen: false, width: 132 }],
    ['a terminal of unknown size', { ...tty, columns: 0 }, {}, { colours: true, isScreen: true, width: 80 }],
    ['a file', file, {}, { colours: false, isScreen: false, width: Infinity }],
    ['a file on a build server', file, { CI: '1' }, { colours: false, isScreen: false, width: Infinity }],
    ['a file with FORCE_COLOR', file, { FORCE_COLOR: '1' }, { colours: true, isScreen: false, width: Infinity }],
    ['a terminal with FORCE_COLOR=0', tty, { FORCE_COLOR: '0' }, { colours: false, isScreen: true, width: 132 }],
    ['both variables', tty, { FORCE_COLOR: '1', NO_COLOR: '1' }, { colours: false, isScreen: true, width: 132 }],
  ])('%s', (_, out, env, { colours, isScreen, width }) => {
    const terminal = terminalOf(out, env);
    expect([terminal.paint.isColorSupported, terminal.isScreen, terminal.width]).toEqual([colours, isScreen, width]);
  });

  it('draws a frame in the rows there are, and says how much it leaves out', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
    expect(frame(lines, 'last', { rows: 24, width: 80 }).split('\n')).toHaveLength(21);
    const cut = frame(lines, 'last', { rows: 6, width: 80 }).split('\n').map(stripVTControlCharacters);
    expect(cut).toEqual([
      'line 0',
      'line 1',
      'line 2',
      'line 3',
      '… 16 more lines; --model-name and --version show less',
      'last',
    ]);
    expect(Math.max(...frame(lines, 'last', { rows: 6, width: 40 }).split('\n').map(stripVTControlCharacters).map(cellsOf))).toBe(
      39,
    );
  });
});

describe('a change', () => {
  const soak = attempt().soak;
  const at = (asOf: string, change: Partial<NonNullable<typeof soak>>, more = {}) =>
    changeKey({ ...status(version('1.4.0', { promotion: attempt({ soak: soak && { ...soak, ...change }, ...more }) })), asOf });

  it('is none when only time has passed or the soak has come less than one per cent further', () => {
    const before = at('2026-09-10T12:00:00.000Z', {});
    expect(at('2026-09-10T12:00:01.000Z', { minEndsAt: '2026-09-14T08:00:02.234Z' })).toBe(before);
    expect(at('2026-09-10T12:01:00.000Z', { earned: (soak?.earned ?? 0) + 60_000 })).toBe(before);
    expect(at('2026-09-10T12:01:00.000Z', { paused: true })).not.toBe(before);
    expect(at('2026-09-10T12:01:00.000Z', { earned: (soak?.earned ?? 0) + 86_400_000 })).not.toBe(before);
    expect(at('2026-09-10T12:01:00.000Z', {}, { waitingFor: [] })).not.toBe(before);
    const paused = at('2026-09-10T12:01:00.000Z', { paused: true });
    expect(at('2026-09-10T12:01:01.000Z', { paused: true, maxEndsAt: '2026-09-21T08:00:02.234Z' })).toBe(paused);
  });
});
