import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { relaxedNumbers, type Policy } from '../../domain/policy.js';
import { parsePolicy } from '../../platform/files/policy-file.js';
import { problemLine } from '../../platform/files/yaml-document.js';

const defaults = {
  text: readFileSync(join(import.meta.dirname, '../../policies/_defaults.yaml'), 'utf8'),
  fileName: '_defaults.yaml',
};
const parse = (load: string) => parsePolicy(`model: m\nload: ${load}\n`, 'policy.yaml', defaults);

function effective(load: string): Policy {
  const parsed = parse(load);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemLine).join('\n'));
  return parsed.value;
}

function problems(load: string): string {
  const parsed = parse(load);
  return parsed.ok ? '' : parsed.problems.map(problemLine).join('\n');
}

describe('the load of a policy', () => {
  it('is fifty predictions a second for three seconds on one core, where the file says nothing', () => {
    expect(effective('{}').load).toEqual({ rate: 50, for: 3_000, cores: 1 });
    expect(effective('{rate: 12.5, for: 1m, cores: 4}').load).toEqual({ rate: 12.5, for: 60_000, cores: 4 });
  });

  it.each([
    ['{rate: 0}', 'load.rate'],
    ['{rate: 1001}', 'load.rate'],
    ['{rate: fast}', 'load.rate'],
    ['{for: 999ms}', 'load.for'],
    ['{for: 6m}', 'load.for'],
    ['{cores: 0}', 'load.cores'],
    ['{cores: 0.5}', 'load.cores'],
    ['{users: 3}', 'users'],
  ])('has bounds: %s', (load, where) => {
    expect(problems(load)).toMatch(where);
  });

  it('has enough predictions for one to be beyond the 95th percentile', () => {
    expect(problems('{rate: 6}')).toMatch('asks for fewer than 20 predictions');
    expect(problems('{rate: 19, for: 1s}')).toMatch('raise rate or for');
    expect(effective('{rate: 20, for: 1s}').load.rate).toBe(20);
  });

  it('is relaxed when it is less, or more cores share it', () => {
    const guidelines = effective('{}');
    expect(relaxedNumbers(effective('{rate: 49, for: 2s, cores: 2}'), guidelines)).toEqual([
      'load.rate',
      'load.for',
      'load.cores',
    ]);
    expect(relaxedNumbers(effective('{rate: 51, for: 4s}'), guidelines)).toEqual([]);
  });
});
