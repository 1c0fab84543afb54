import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { relaxedNumbers } from '../../domain/policy.js';
import { parsePolicy } from '../../platform/files/policy-file.js';
import { problemLine } from '../../platform/files/yaml-document.js';

const defaults = {
  text: readFileSync(join(import.meta.dirname, '../../policies/_defaults.yaml'), 'utf8'),
  fileName: '_defaults.yaml',
};

function effective(body: string) {
  const parsed = parsePolicy(`model: m\n${body}\n`, 'policy.yaml', defaults);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemLine).join('\n'));
  return parsed.value;
}

describe('what a policy says of performance and the checklist', () => {
  it('is the reading of the guidelines where a file says nothing', () => {
    const { holdout, performance, checklist } = effective('');
    expect({ holdout, performance, checklist }).toEqual({
      holdout: { min_rows: 50 },
      performance: { gate: 'point', slices: [], slice_accuracy: { min: 0 }, margin: 0 },
      checklist: { documentation: { min_characters: 200 } },
    });
  });

  it('takes every key', () => {
    const { holdout, performance } = effective(
      'holdout: {min_rows: 500}\nperformance: {gate: lower, slices: [male], slice_accuracy: {min: 80%}, margin: 1%}',
    );
    expect({ holdout, performance }).toEqual({
      holdout: { min_rows: 500 },
      performance: { gate: 'lower', slices: ['male'], slice_accuracy: { min: 0.8 }, margin: 0.01 },
    });
  });

  it.each([
    ['performance: {gate: upper}', /performance.gate: /],
    ['performance: {slices: [male, male]}', /performance.slices: names a feature twice/],
    ['performance: {margin: 2}', /performance.margin: must be 0–1/],
    ['performance: {gates: point}', /performance.gates: .*gate/],
    ['holdout: {min_rows: 0}', /holdout.min_rows: /],
  ])('%s is refused', (body, problem) => {
    expect(() => effective(body)).toThrow(problem);
  });

  it.each([
    ['performance: {margin: 1%}', ['performance.margin']],
    ['holdout: {min_rows: 49}', ['holdout.min_rows']],
    ['checklist: {documentation: {min_characters: 1}}', ['checklist.documentation.min_characters']],
    ['performance: {gate: lower, slices: [male], slice_accuracy: {min: 80%}}', []],
  ])('%s is looser than the guidelines in %j', (body, names) => {
    expect(relaxedNumbers(effective(body), effective(''))).toEqual(names);
  });

  it('a figure in place of the lower end is looser where that is asked for', () => {
    expect(relaxedNumbers(effective(''), effective('performance: {gate: lower}'))).toEqual(['performance.gate']);
  });
});
