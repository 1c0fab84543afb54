import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf, hang, padTo, wrap } from '../../client/width.js';

describe('cells and lines', () => {
  it.each([
    ['plain', 5],
    ['naïve', 5],
    ['nai\u0308ve', 5],
    ['模型', 4],
    ['🚀 up', 5],
    ['', 0],
  ])('%s takes %i cells', (text, cells) => expect(cellsOf(text)).toBe(cells));

  it('breaks between words, and inside a word only where it alone is too long', () => {
    expect(wrap('the soak minimum is over', 10)).toEqual(['the soak', 'minimum is', 'over']);
    expect(wrap('dana.datascience@duetmind.example', 20)).toEqual(['dana.datascience@', 'duetmind.example']);
    expect(wrap('aaaaaaaaaaaa', 5)).toEqual(['aaaaa', 'aaaaa', 'aa']);
    expect(wrap('as it is', Infinity)).toEqual(['as it is']);
    expect(hang('gate  ', 'open, waits for olga', 16)).toEqual(['gate  open,', '      waits for', '      olga']);
    expect(padTo('模型', 6)).toBe('模型  ');
  });

  it('never makes a line too long and never loses a letter', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'bc', ' ', '-', '@', '模', 'e\u0301', '🚀'), maxLength: 80 });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 30 }), (given, width) => {
        const lines = wrap(given, width);
        expect(Math.max(...lines.map(cellsOf))).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(given.replaceAll(' ', ''));
      }),
    );
  });
});
