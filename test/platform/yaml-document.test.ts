import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { problemLine, readDocument, type Problem } from '../../platform/files/yaml-document.js';

function problemsOf(text: string | Uint8Array): readonly Problem[] {
  const read = readDocument(text, 'f.yaml');
  return read.ok ? [] : read.problems;
}

function linesOf(text: string | Uint8Array): string[] {
  return problemsOf(text).map(problemLine);
}

function valueOf(text: string): unknown {
  const read = readDocument(text, 'f.yaml');
  return read.ok ? read.value.value : read.problems.map(problemLine);
}

describe('limits are refused before they cost anything (Y5)', () => {
  const lots = 1_000_000;
  it.each([
    ['50 MB', 'a: b\n'.repeat(10_000_000), /at most 1000000/],
    ['one byte over 1 MB', `a: ${'x'.repeat(lots - 2)}`, /1000001 bytes/],
    ['nested 10,000 deep in flow', '['.repeat(10_000), /more than 32 deep/],
    ['nested 10,000 deep and closed', '['.repeat(10_000) + ']'.repeat(10_000), /more than 32 deep/],
    ['nested in maps', '{a: '.repeat(10_000), /more than 32 deep/],
    ['nested by dashes', '- '.repeat(lots / 2), /more than 32 deep/],
    ['nested by indentation', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), /more than 32 deep/],
    ['explicit keys', '? '.repeat(lots / 2), /more than 32 deep/],
    ['aliases', `a: &a 1\nb: [${'*a, '.repeat(101)}]`, /more than 100 aliases/],
    ['anchors', `a: [${Array.from({ length: 101 }, (_, i) => `&a${i} 1`).join(', ')}]`, /more than 100 aliases or anchors/],
    [
      'many keys',
      Array.from({ length: 100_000 }, (_, i) => `k${i}: 1`)
        .join('\n')
        .slice(0, lots),
      /more than 100000 parts/,
    ],
    ['many items', '- 1\n'.repeat(lots / 4), /more than 100000 parts/],
    ['many documents', '---\n'.repeat(lots / 4), /more than one document/],
    ['many directives', '%x\n'.repeat(lots / 3), /directives/],
    ['many closing brackets', ']'.repeat(lots), /is not YAML/],
    ['many comments', '#\n'.repeat(lots / 2), /more than 100000 parts/],
    ['a million empty lines', '\n'.repeat(lots), /more than 100000 parts/],
    ['many anchors on one value', '&a '.repeat(lots / 3), /more than 100 aliases or anchors/],
    ['a key of 1 MB', `? ${'k'.repeat(lots - 10)}\n: 1`, /at most 200 characters/],
  ])('%s', (_, text, expected) => {
    const start = performance.now();
    const lines = linesOf(text);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(lines[0]).toMatch(expected);
    expect(lines.join('').length).toBeLessThan(1000);
  });

  it('refuses an alias bomb by what it unfolds to', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`);
    const start = performance.now();
    expect(linesOf(`l0: &l0 x\n${levels.join('\n')}`)[0]).toMatch(/aliases unfold into too much/);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('reads what is within the limits', () => {
    expect(linesOf(`a: ${'x'.repeat(999_997)}`)).toEqual([]);
    expect(linesOf('['.repeat(32) + ']'.repeat(32))).toEqual([]);
    expect(linesOf('['.repeat(33) + ']'.repeat(33))).toHaveLength(1);
    expect(linesOf(`a: &a 1\nb: [${Array(100).fill('*a').join(', ')}]`)).toEqual([]);
  });

  it('counts depth through aliases', () => {
    const half = (inner: string) => '['.repeat(20) + inner + ']'.repeat(20);
    expect(linesOf(`a: &a ${half('1')}\nb: ${half('*a')}`)[0]).toMatch(/more than 32 deep/);
  });
});

describe('keys', () => {
  it('names both lines of a duplicate key (Y4)', () => {
    expect(linesOf('a: 1\nb:\n  c: 1\n  d: 2\n  "c": 3\n')).toEqual(['f.yaml:5:3: b.c: written twice, on lines 3 and 5']);
  });

  it.each([
    ['__proto__: {a: 1}', /__proto__: no file may use this key/],
    ['a: {constructor: 1}', /a.constructor: no file may use this key/],
    ['a: {"__proto__": 1}', /no file may use this key/],
    ['prototype: 1', /no file may use this key/],
    ['a: &a {b: 1}\nc: {<<: *a}', /merge keys are not read/],
    ['a:\n  <<: {b: 1}', /merge keys are not read/],
    ['? [a]\n: b', /a key must be a word/],
    [': b', /a key is missing/],
    ['"a\\nb": 1', /a key must be printable/],
    ['&a a: 1\n*a : 2', /a key must be a word/],
  ])('refuses %j (Y6)', (text, expected) => expect(linesOf(text)[0]).toMatch(expected));

  it('leaves the prototype of objects alone', () => {
    linesOf('__proto__: {polluted: 1}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('nothing is silently changed (Y10, Y2)', () => {
  it.each([
    ['a: no', { a: 'no' }],
    ['a: [yes, on, off, y, n]', { a: ['yes', 'on', 'off', 'y', 'n'] }],
    ['no: 1', { no: 1 }],
    ['a: 2026-11-23', { a: '2026-11-23' }],
    ['a: 12:30:45', { a: '12:30:45' }],
    ['a: 1_000', { a: '1_000' }],
    ['a: 1.2.0', { a: '1.2.0' }],
    ['a: "010"', { a: '010' }],
    ['a: 0.80', { a: 0.8 }],
    ['a: 0.9433962264150944', { a: 0.9433962264150944 }],
    ['a: [1e3, -2, 0, 1E-3]', { a: [1000, -2, 0, 0.001] }],
    ['a: [true, False, ~, null, ]', { a: [true, false, null, null] }],
    ['a: +1-555-ML-ALERT', { a: '+1-555-ML-ALERT' }],
    ['a: é', { a: 'é' }],
    ['1: x', { 1: 'x' }],
    ['a: &x [1]\nb: *x', { a: [1], b: [1] }],
    ['a: &x 1\nb: &x 2\nc: *x', { a: 1, b: 2, c: 2 }],
    ['---\na: |\n  b\n  c\n...', { a: 'b\nc\n' }],
    ['a: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
  ])('reads %j as written', (text, value) => expect(valueOf(text)).toEqual(value));

  it.each([
    ['a: 010', /f.yaml:1:4: a: 010 is read differently by different programs: write 10,/],
    ['a: 0o17', /write 15/],
    ['a: 0x1F', /write 31/],
    ['a: +5', /write 5/],
    ['a: .5', /write 0.5/],
    ['a: 5.', /write 5/],
    ['a: -0', /-0 cannot be kept exactly: write 0/],
    ['a: 9007199254740993', /cannot be kept exactly: write 9007199254740992/],
    ['a: 0.1000000000000000055', /cannot be kept exactly: write 0.1/],
    ['a: 1e-400', /cannot be kept exactly: write 0/],
    ['a: .nan', /finite number/],
    ['a: [.inf, -.inf, .NaN]', /finite number/],
    ['a: 1e400', /finite number/],
    ['a: !!str 1', /tags/],
    ['a: !!js/function x', /tags/],
    ['!mine a: 1', /tags/],
    ['%YAML 1.1\n---\na: no', /directives/],
    ['%TAG ! !x/\n---\na: 1', /directives/],
    ['a: 1\n---\nb: 1', /f.yaml:2:1: holds more than one document/],
    ['a: 1\n...\nb: 1', /more than one document|is not YAML/],
    ['\uFEFFa: 1', /byte order mark/],
    ['a:\n\tb: 1', /f.yaml:2:1: a tab at the start of a line/],
    ['a:\n  \tb: 1', /a tab at the start of a line/],
    ['a: 1\rb: 2', /carriage return/],
    ['a: b\0', /NUL/],
    ['a: b\x1b[31m', /no text/],
    ['a: \uFFFD', /lost characters/],
    ['a: \uD800', /no text/],
    ['a: *b', /no anchor &b before/],
    ['a: &a [*a]', /inside its own anchor/],
    ['a: [1', /is not YAML/],
    ['a: "b', /is not YAML/],
    ['a: b: c', /is not YAML/],
    ['', /empty/],
    ['# nothing', /empty/],
    ['~', /empty/],
  ])('refuses %j', (text, expected) => expect(linesOf(text)[0]).toMatch(expected));

  it.each([
    ['UTF-16 LE with a mark', Buffer.from('\uFEFFa: 1', 'utf16le'), /UTF-16/],
    ['UTF-16 BE with a mark', Buffer.from('\uFEFFa: 1', 'utf16le').swap16(), /UTF-16/],
    ['UTF-16 without a mark', Buffer.from('a: 1', 'utf16le'), /NUL/],
    ['UTF-8 with a mark', Buffer.from('\uFEFFa: 1'), /byte order mark/],
    ['Latin-1', Buffer.from('a: \xe9', 'latin1'), /not UTF-8/],
  ])('refuses %s', (_, bytes, expected) => expect(linesOf(bytes)[0]).toMatch(expected));
});

describe('problems', () => {
  it('escapes in a line what a terminal would obey, and stays short', () => {
    const lines = linesOf(`"\\e[31m${'x'.repeat(300)}": 1\nb: 010`);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    expect(lines.every((line) => line.length < 200)).toBe(true);
  });

  it('are values, whatever the text', () => {
    const signs = fc.constantFrom(...'abc01:-?,[]{}#&*!|>%@"\'\n\t \\~.é<'.split(''), '- ', ': ', '\n  ', '&a ', '*a ', '<<: ');
    fc.assert(
      fc.property(fc.array(signs, { maxLength: 60 }), (parts) => {
        const read = readDocument(parts.join(''), 'f.yaml');
        return read.ok || (read.problems.length > 0 && read.problems.every(({ line, column }) => line > 0 && column > 0));
      }),
      { numRuns: 3000 },
    );
  });
});
