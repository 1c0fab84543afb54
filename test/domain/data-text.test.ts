import { describe, expect, it } from 'vitest';
import { valueText } from '../../domain/data-text.js';

describe('R28: personal data stay home', () => {
  it.each(['1e39', '-0.5', 'NaN', 'inf', '-Infinity', '1_0', 'true', '', '1.5'])('%s is repeated', (text) => {
    expect(valueText(text)).toBe(JSON.stringify(text));
  });

  it.each([
    ['Mrs Miller', 'a text of 10 characters'],
    ['12.03.1948', 'a text of 10 characters'],
    ['+4915112345678 home', 'a text of 19 characters'],
    ['9'.repeat(41), 'a text of 41 characters'],
  ])('%s is described', (text, described) => {
    expect(valueText(text)).toBe(described);
  });
});
