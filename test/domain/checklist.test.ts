import { describe, expect, test } from 'vitest';
import {
  abTestGaps,
  charactersOf,
  documentationGaps,
  monitoringGaps,
  rollbackPlanGaps,
  saysSomething,
  type Declared,
} from '../../domain/checklist.js';

// Rules §2: "documentation, monitoring and rollback plan are there and verified, A/B result there or declared not applicable,
// with the reason".

test.each(['mlops@duetmind.ai', 'Dana', '王芳', 'none of the above', '1.2.0', 'Noa'])('%s says something', (text) =>
  expect(saysSomething(text)).toBe(true),
);

test.each(['', '  ', '-', '…', 'TBD', '(todo)', 'n/a', 'N/A.', 'nobody', 'no one', 'yes', 'xxx', 'unknown', true, 3, undefined])(
  '%s says nothing',
  (value) => expect(saysSomething(value)).toBe(false),
);

describe('the A/B result', () => {
  test.each<[Declared | undefined, string[]]>([
    [{ candidate: 0.94, production: 0.92, metric: 'accuracy' }, []],
    [{ not_applicable: 'first model' }, []],
    [{ not_applicable: '0123456789' }, []],
    [{ not_applicable: '012345678' }, ['the A/B result is declared not_applicable without a reason of at least 10 characters']],
    [
      { not_applicable: '   no use   ' },
      ['the A/B result is declared not_applicable without a reason of at least 10 characters'],
    ],
    [{ not_applicable: true }, ['the A/B result is declared not_applicable without a reason of at least 10 characters']],
    [{ not_applicable: 'first model', candidate: 0.94 }, ['the A/B result has figures and is declared not_applicable']],
    [{ result: 'went well' }, ['the A/B result has no figure, and is not declared not_applicable with the reason']],
    [{}, ['the A/B result has no figure, and is not declared not_applicable with the reason']],
    [undefined, ['no A/B result is declared: give its figures, or not_applicable with the reason']],
  ])('%o: %j', (declared, gaps) => expect(abTestGaps(declared)).toEqual(gaps));
});

describe('the monitoring', () => {
  const whole = { source: 'prediction-log', baseline: 'the hold-out', drift: 'the training set', verified_by: 'mia' };
  test.each<[Declared | undefined, string[]]>([
    [whole, []],
    [{ ...whole, source: 'grafana' }, ["the monitoring's source is grafana, the policy's watch reads prediction-log"]],
    [
      { ...whole, source: ['prediction-log', 'x'] },
      ["the monitoring's source is prediction-log,x, the policy's watch reads prediction-log"],
    ],
    [{ ...whole, verified_by: 'TBD' }, ['the monitoring names nobody who verified it (verified_by)']],
    [{ ...whole, verified_by: true }, ['the monitoring names nobody who verified it (verified_by)']],
    [
      { source: 'prediction-log', verified_by: 'mia' },
      [
        'the monitoring does not say what live figures are compared with (baseline)',
        'the monitoring does not say what live inputs are compared with (drift)',
      ],
    ],
    [undefined, ['no monitoring is declared']],
  ])('%o: %j', (declared, gaps) => expect(monitoringGaps(declared, 'prediction-log')).toEqual(gaps));

  test('without anything names everything that is missing', () => {
    expect(monitoringGaps({}, 'prediction-log')).toHaveLength(4);
  });
});

describe('the rollback plan', () => {
  const whole = { to: 'the version that was in production before', steps: ['swap', 'tell'], verified_by: 'dora' };
  test.each<[Declared | undefined, string | null, string[]]>([
    [whole, '1.2.0', []],
    [whole, null, []],
    [{ ...whole, to: '1.2.0' }, '1.2.0', []],
    [{ ...whole, to: '1.1.0' }, '1.2.0', ['the rollback plan goes to 1.1.0, but a rollback today goes to 1.2.0']],
    [{ ...whole, to: '1.1.0' }, null, ['the rollback plan goes to 1.1.0, but there is no version in production to go back to']],
    [{ ...whole, steps: [] }, '1.2.0', ['the rollback plan names no steps']],
    [
      { verified_by: 'nobody' },
      '1.2.0',
      [
        'the rollback plan does not say to which version (to)',
        'the rollback plan names no steps',
        'the rollback plan names nobody who verified it (verified_by)',
      ],
    ],
    [undefined, '1.2.0', ['no rollback plan is declared']],
  ])('%o, today %s: %j', (declared, target, gaps) => expect(rollbackPlanGaps(declared, target)).toEqual(gaps));
});

describe('the documentation', () => {
  const asked = { model: 'ad_model', version: '1.2.0', minCharacters: 20 };
  const gapsOf = (text: string) => documentationGaps(text, asked);

  test('counts characters, not white space and not bytes', () => {
    expect(charactersOf(' a\n\t b  ')).toBe(2);
    expect(charactersOf('é𝔸')).toBe(2);
    expect(gapsOf('ad_model 1.2.0 1234567')).toEqual([]);
    expect(gapsOf('ad_model 1.2.0 123456')).toEqual(['has 19 characters, at least 20 are asked for']);
    expect(gapsOf(' \n ')).toEqual(['is empty']);
  });

  test.each(['ad_model 1.2.0', '# ad_model, version v1.2.0.', String.raw`ad\_model **1.2.0**`, '`ad_model`: (1.2.0)'])(
    '%s names model and version',
    (text) => expect(gapsOf(`${text}\nand enough else to be read`)).toEqual([]),
  );

  test.each([
    ['bad_model 1.2.0', 'does not name the model ad_model'],
    ['ad_model_2 1.2.0', 'does not name the model ad_model'],
    ['ad_model 11.2.0', 'does not name the version 1.2.0'],
    ['ad_model 1.2.01', 'does not name the version 1.2.0'],
    ['ad_model 1.2.0-rc.1', 'does not name the version 1.2.0'],
    ['ad_model 1.2.0.4', 'does not name the version 1.2.0'],
    ['ad_model 1x2x0', 'does not name the version 1.2.0'],
  ])('%s: %s', (text, gap) => expect(gapsOf(`${text}\nand enough else to be read`)).toEqual([gap]));
});
