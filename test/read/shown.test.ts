import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { asTyped, type Ran } from '../../client/demo/command.js';
import { firstLines, linesWith, narrator, Unexpected } from '../../client/demo/narrator.js';
import { demoPlace } from '../../client/demo/place.js';
import { bar, brief, table } from '../../client/table.js';
import { lasting, when } from '../../domain/times.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('what people read', () => {
  it('sets columns under their headings and shows control characters escaped', () => {
    const shown = table(
      ['A', 'LONGER'],
      [
        ['a long cell', null],
        ['\u001b[31mred\u202e', '⚙️ x'],
      ],
    );
    expect(shown.split('\n')).toEqual([
      '  A                    LONGER',
      '  a long cell          -',
      '  \\u001b[31mred\\u202e  ⚙️ x',
    ]);
  });

  it('never says that more time has passed than has', () => {
    expect(lasting(7 * DAY - 1)).toBe('6 d 23 h');
    expect(lasting(7 * DAY)).toBe('7 days');
    expect(lasting(3 * DAY + 4 * HOUR + 5_000)).toBe('3 d 4 h');
    expect(lasting(DAY + 59_000)).toBe('1 day');
    expect(lasting(HOUR + 60_000)).toBe('1 h 1 min');
    expect(lasting(59_999)).toBe('59 seconds');
    expect(lasting(0)).toBe('0 seconds');
    expect(bar(7 * DAY - 1, 7 * DAY)).toBe(`[${'#'.repeat(23)}-] 99 %`);
    expect(bar(8 * DAY, 7 * DAY)).toBe(`[${'#'.repeat(24)}] 100 %`);
    expect(bar(0, 0)).toMatch(/100 %/);
    expect(when('2026-09-07T08:00:01.234Z')).toBe('2026-09-07 08:00:01 UTC');
  });

  it('shortens digests before it cuts', () => {
    expect(brief(`digest ${'a'.repeat(64)}, commit ${'b'.repeat(40)}`, 80)).toBe(
      `digest ${'a'.repeat(12)}…, commit ${'b'.repeat(12)}…`,
    );
    expect(brief('x'.repeat(20), 10)).toBe(`${'x'.repeat(9)}…`);
  });
});

describe('the demo', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-demo-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  it('takes a new folder or its own, and never another one', () => {
    const place = demoPlace(dir);
    expect(readdirSync(place)).toHaveLength(1);
    writeFileSync(join(place, 'connection.json'), '{}');
    expect(demoPlace(dir)).toBe(place);
    const other = join(dir, 'other');
    mkdirSync(join(other, 'demo'), { recursive: true });
    writeFileSync(join(other, 'demo', 'thesis.doc'), 'mine');
    expect(() => demoPlace(other)).toThrow(/not a folder that a demo made/);
    expect(existsSync(join(other, 'demo', 'thesis.doc'))).toBe(true);
  });

  it('shows commands as they can be typed', () => {
    expect(asTyped(['approve', '--model-name', 'm', '--comment', `it's fine`], 200)).toEqual([
      `gatehouse approve --model-name m --comment 'it'\\''s fine'`,
    ]);
    expect(asTyped(['promote', '--model-name', 'mmm', '--version', '1.2.0', '--wait'], 40)).toEqual([
      'gatehouse promote --model-name mmm \\',
      '    --version 1.2.0 --wait',
    ]);
  });

  const ran = (change: Partial<Ran>): Ran => ({ words: ['status'], code: 0, stdout: '', stderr: '', ...change });

  it('shows what commands really print, and ends when one goes otherwise than it must', async () => {
    const lines: string[] = [];
    const answers = [
      ran({ stdout: 'one\ntwo\nthree\n' }),
      ran({ code: 3, stderr: '3: refused\n' }),
      ran({ code: 6, stderr: '6: away\n' }),
    ];
    const tell = narrator(
      () => Promise.resolve(answers.shift() as Ran),
      (line) => lines.push(line),
    );
    tell.chapter('A title', 'A sentence.');
    await tell.run({ words: ['status'], show: firstLines(2) });
    await tell.run({ words: ['status'], code: 3, show: linesWith(/x/) });
    expect(lines.join('\n')).toMatch(/1\. A title.*A sentence\..*\$ .*gatehouse status.*one\n.*two\n(?!.*three).*3: refused/s);
    expect(tell.chapters[0]?.commands.map(({ exitCode }) => exitCode)).toEqual([0, 3]);
    await expect(tell.run({ words: ['status'] })).rejects.toThrow(Unexpected);
    expect(lines.at(-1)).toContain('6: away');
  });
});
