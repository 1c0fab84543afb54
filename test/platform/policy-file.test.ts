import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../domain/canonical.js';
import { policyJson, relaxedNumbers } from '../../domain/policy.js';
import { sha256 } from '../../platform/digest.js';
import { parsePolicy, policyModel } from '../../platform/files/policy-file.js';
import { policySchema } from '../../platform/files/policy-schema.js';
import { problemLine } from '../../platform/files/yaml-document.js';

const root = join(import.meta.dirname, '../..');
const defaults = { text: readFileSync(join(root, 'policies/_defaults.yaml'), 'utf8'), fileName: '_defaults.yaml' };

function effective(text: string) {
  const parsed = parsePolicy(text, 'policy.yaml', defaults);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemLine).join('\n'));
  return parsed.value;
}

function problemsOf(text: string) {
  const parsed = parsePolicy(text, 'policy.yaml', defaults);
  return parsed.ok ? [] : parsed.problems;
}

const linesOf = (body: string): string[] => problemsOf(`model: m\n${body}\n`).map(problemLine);

describe('the effective policy', () => {
  it('has the guidelines in one unit where the file says nothing', () => {
    const policy = effective('model: m');
    expect(policy.thresholds).toEqual({
      accuracy: { min: 0.85 },
      roc_auc: { min: 0.8 },
      latency_p95: { max: 100 },
      size: { below: 100e6 },
      memory: { below: 1e9 },
      cpu: { below: 0.8 },
    });
    expect(policy.soak).toEqual({ min: 7 * 864e5, max: 14 * 864e5, remind_before: [48 * 36e5, 12 * 36e5], warning: 'pauses' });
    expect(policy.rollback).toEqual({ accuracy_drop: 0.1, error_rate: 0.05, latency_p95: 500, windows: 1, cooldown: 36e5 });
    expect(policy.retention).toEqual({ years: 1 });
    expect(policy.model).toBe('m');
  });

  it('merges maps and replaces lists', () => {
    const policy = effective(
      'model: m\nsoak: {max: 10d, remind_before: [1h]}\ncontacts: {qa: qa@example.org, stakeholders: [a@example.org]}\n',
    );
    expect(policy.soak).toMatchObject({ min: 7 * 864e5, max: 10 * 864e5, remind_before: [36e5] });
    expect(policy.contacts).toMatchObject({ qa: 'qa@example.org', stakeholders: ['a@example.org'], mlops: 'mlops@duetmind.ai' });
  });

  it('has one digest however its figures and keys are written', () => {
    const digest = (text: string) => sha256(canonicalJson(policyJson(effective(text))));
    const written = digest(
      'model: m\nthresholds: {accuracy: {min: 90%}, latency_p95: {max: 1s}, size: {below: 1GB}}\nrollback: {latency_p95: 2s}',
    );
    expect(
      digest(
        'rollback: {latency_p95: 2000ms}\nmodel: m\nthresholds: {size: {below: 1000MB}, latency_p95: {max: 1000ms}, accuracy: {min: 0.9}}',
      ),
    ).toBe(written);
    expect(digest('model: m\nthresholds: {accuracy: {min: 91%}}')).not.toBe(written);
  });

  it("takes every key of the design's example", () => {
    const policy = effective(`
model: alzheimer_classifier
thresholds: { accuracy: {min: 85%}, roc_auc: {min: 0.80}, latency_p95: {max: 100ms},
              size: {below: 100MB}, memory: {below: 1GB}, cpu: {below: 80%} }
checks: { retries: 2 }
soak: { min: 7d, max: 14d, remind_before: [48h, 12h], warning: resets }
gates:
  data-science: { asks: "Model architecture and training approach are sound", group: ds-team, quorum: 2 }
  devops: { group: devops }
  business: {}
  security: { asks: "Scanned, é and …" }
contacts: { ds-team: ds-team@duetmind.ai, on_call: "+1-555-ML-ALERT", stakeholders: [a@example.org] }
watch: { every: 60s, window: 15m, min_samples: 200, min_labels: 1000, source: prediction-log }
alerts: { critical: {accuracy_drop: 5%, error_rate: 2%}, warning: {accuracy_drop: 2%, latency_p95: 200ms}, info: {accuracy_drop: 1%} }
rollback: { accuracy_drop: 10%, error_rate: 5%, latency_p95: 500ms, windows: 1, cooldown: 1h }
access: { staging: [ds-team, mlops], production: [serving, mlops] }
retention: 1y
`);
    expect(policy.gates['data-science'].quorum).toBe(2);
    expect(policy.gates.business).toEqual({ asks: 'The model meets the business requirements', group: 'business', quorum: 1 });
  });

  it('reads the policies of this repository, of which one is relaxed', () => {
    const first = effective('model: m');
    const example = (name: string) => parsePolicy(readFileSync(join(root, 'examples/alzheimer', name)), name, defaults);
    const [strict, relaxed] = [example('policy.yaml'), example('policy-relaxed.yaml')];
    expect(strict.ok && relaxedNumbers(strict.value, first)).toEqual([]);
    expect(relaxed.ok && relaxedNumbers(relaxed.value, first)).toEqual(['soak.min']);
  });

  it('needs a complete file for the defaults, with or without other defaults at hand', () => {
    expect(parsePolicy(defaults.text, 'd.yaml')).toMatchObject({ ok: true, value: { model: '_defaults' } });
    expect(parsePolicy(defaults.text, 'd.yaml', defaults)).toEqual(parsePolicy(defaults.text, 'd.yaml'));
    const partial = parsePolicy('model: _defaults\nretention: 1y', 'd.yaml', defaults);
    expect(partial.ok ? [] : partial.problems.map(problemLine)).toContain('d.yaml:1:1: soak: is missing');
  });

  it('blames the defaults for what is wrong in them', () => {
    const broken = { text: defaults.text.replace('min: 7d', 'min: 7'), fileName: '_defaults.yaml' };
    const line = defaults.text.split('\n').findIndex((each) => each.includes('min: 7d')) + 1;
    const parsed = parsePolicy('model: m\nsoak: {min: 8d}', 'policy.yaml', broken);
    const [problem] = parsed.ok ? [] : parsed.problems.map(problemLine);
    expect(problem).toMatch(new RegExp(`^_defaults.yaml:${line}:8: soak.min: .*did you mean 7d\\?$`));
    const other = parsePolicy('model: m', 'policy.yaml', { text: defaults.text.replace('_defaults', 'x'), fileName: 'x.yaml' });
    expect(other).toMatchObject({ ok: false, problems: [{ file: 'x.yaml', path: 'model' }] });
  });

  it('tells the model of a file alone', () => {
    expect(policyModel('model: m\nanything: else', 'p')).toEqual({ ok: true, value: 'm' });
    expect(policyModel('soak: {}', 'p')).toMatchObject({ ok: false, problems: [{ path: 'model', message: 'is missing' }] });
  });

  it('can be published as a JSON Schema', () => {
    expect(z.toJSONSchema(policySchema, { io: 'input' })).toMatchObject({ type: 'object', additionalProperties: false });
  });
});

describe('figures (Y1, Y2, Y8)', () => {
  const accuracy = (written: string) => linesOf(`thresholds:\n  accuracy: {min: ${written}}`).join('\n');
  it.each([
    ['85', 'policy.yaml:3:19: thresholds.accuracy.min: must be 0–1; did you mean 0.85 or 85%?'],
    ['"0.85"', /finite number .* did you mean 0.85 without quotes\?/],
    ['.nan', /a finite number is required/],
    ['.inf', /a finite number is required/],
    ['-0.1', /must be 0–1$/],
    ['1e400', /a finite number is required/],
    ['150%', /must be 0–1$/],
    ['good', /must be a finite number from 0 to 1 or a percentage$/],
    ['[0.85]', /must be a finite number/],
    ['true', /must be a finite number/],
    ['~', /has no value/],
  ])('refuses an accuracy of %s', (written, expected) => expect(accuracy(written)).toMatch(expected));

  it.each(['0.85', '85%', '85.5%', '0', '1', '100%'])('takes an accuracy of %s', (written) => expect(accuracy(written)).toBe(''));

  const soak = (written: string) => linesOf(`soak: {min: ${written}}`).join('\n');
  it.each(['0', '0d', '-1', '-1d', '1 fortnight', 'P400Y', '366d', '1y', '9999999w', '"7"', '1.5d', '~', '[7d]', '7d 12h'])(
    'refuses a soak of %s, with range and units',
    (written) =>
      expect(soak(written)).toMatch(
        /^policy.yaml:2:13: soak.min: (has no value|must be .*\(ms, s, m, h, d, w\), more than 0 and at most 365d)/,
      ),
  );

  it('suggests the unit', () => {
    expect(soak('7')).toMatch(/did you mean 7d\?$/);
    expect(soak('0')).not.toMatch(/did you mean/);
    expect(linesOf('watch: {every: 60}')[0]).toMatch(/did you mean 60s\?$/);
    expect(linesOf('thresholds: {size: {below: 100}}')[0]).toMatch(/did you mean 100MB\?$/);
    expect(linesOf('retention: 2')[0]).toMatch(/did you mean 2y\?$/);
    expect(linesOf('soak: 0')[0]).toMatch(/^policy.yaml:2:7: soak: must be a map such as .* at most 365d \(units/);
  });

  it.each(['1.5', '-1', '"1"', '1e30', 'three'])('refuses %s retries', (written) =>
    expect(linesOf(`checks: {retries: ${written}}`)[0]).toMatch(/checks.retries: must be/),
  );
});

describe('keys and names', () => {
  it('names the nearest key (Y3)', () => {
    expect(linesOf('thresholds: {acuracy: {min: 0.9}}')).toEqual([
      'policy.yaml:2:14: thresholds.acuracy: unknown key; did you mean accuracy?',
    ]);
    expect(linesOf('rolback: {}\nfrobnicate: 1')).toEqual([
      'policy.yaml:2:1: rolback: unknown key; did you mean rollback?',
      expect.stringMatching(/^policy.yaml:3:1: frobnicate: unknown key; allowed: model, thresholds/),
    ]);
  });

  it('reports everything at once, in the order of the file', () => {
    expect(problemsOf('model: m\nretention: 1\nsoak: {min: 7}\ncheks: {}').map(({ line }) => line)).toEqual([2, 3, 4]);
  });

  it.each(["a'; DROP TABLE model_registry;--", 'Model', '""', 'x'.repeat(65), '"a\\u202eb"', '[a]', '~'])(
    'refuses the model name %s',
    (name) => {
      const lines = problemsOf(`model: ${name}`).map(problemLine);
      expect(lines[0]).toMatch(/^policy.yaml:1:8: model: /);
      expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    },
  );

  it('wants a model, which no default can say', () => {
    expect(problemsOf('retention: 1y').map(problemLine)).toEqual(['policy.yaml:1:1: model: is missing']);
  });

  it('refuses text that reads other than it is', () => {
    expect(linesOf('contacts: {a: "x\\u202ey"}')).toHaveLength(1);
    expect(linesOf('contacts: {a: "x\\ny"}')).toHaveLength(1);
    expect(linesOf('access: {staging: [mlops, mlops]}')).toHaveLength(1);
    expect(linesOf('access: {staging: []}')).toHaveLength(1);
  });
});

describe('gates (Y7)', () => {
  const four = ['data-science', 'devops', 'business', 'security'];
  const gates = (names: readonly string[]) => `gates: {${names.map((name) => `${name}: {}`).join(', ')}}`;

  it.each([
    ['an empty list', 'gates: []'],
    ['an empty map', 'gates: {}'],
    ['nothing', 'gates:'],
    ['three gates', gates(four.slice(1))],
    ['an unknown gate beside the four', gates([...four, 'legal'])],
    ['an unknown gate instead of one', gates([...four.slice(1), 'datascience'])],
    ['a list of names', `gates: [${four.join(', ')}]`],
  ])('refuses %s as a rule', (_, body) => {
    expect(problemsOf(`model: m\n${body}`)).toMatchObject([
      { kind: 'rule', line: 2, path: 'gates', message: expect.stringMatching(/^four distinct gates required/) },
    ]);
  });

  it('refuses the same gate twice', () => {
    expect(linesOf(gates([...four, 'devops']))[0]).toMatch(/written twice/);
  });

  it.each([0, 10, 1.5, -1])('refuses a quorum of %d', (quorum) => {
    expect(linesOf(gates(four).replace('devops: {}', `devops: {quorum: ${quorum}}`))[0]).toMatch(/gates.devops.quorum: must be/);
  });
});

describe('freeze windows', () => {
  it.each([
    ['{zone: Europe/Berln}', /:2:\d+: freeze.zone: "Europe\/Berln" is no time zone .*; did you mean Europe\/Berlin\?/],
    ['{zone: "+01:00"}', /freeze.zone: "\+01:00" is no time zone .*; write one such as Europe\/Berlin or UTC/],
    ['{windows: [{from: "18:00", to: "8:00"}]}', /freeze.windows\[0\]: "8:00" is no local time; write 18:00 \(daily\)/],
    ['{windows: [{from: fri 16:00, to: "08:00"}]}', /from is weekly and to is daily/],
    ['{windows: [{from: 12-20, to: 12-20}]}', /ends where it begins/],
    ['{windows: [{from: "00:00", to: "12:00"}, {from: "12:00", to: "00:00"}]}', /freeze.windows: leave no time in some week/],
  ])('%s is refused in one line', (body, expected) => {
    const lines = linesOf(`freeze: ${body}`);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  it('takes every form, and zones under any of their names', () => {
    const windows = '[{from: 18:00, to: 08:00}, {from: fri 16:00, to: mon 08:00}, {from: 12-20 18:00, to: 01-05}]';
    expect(linesOf(`freeze: {zone: Asia/Calcutta, windows: ${windows}}`)).toEqual([]);
  });
});

describe('contradictions show both lines (Y9)', () => {
  it.each([
    ['soak: {min: 15d}', /:2:13: soak.min: 15d must not be more than soak.max, 14d \(_defaults.yaml:\d+\)/],
    ['soak: {max: 5d}', /:2:13: soak.max: 5d must not be less than soak.min, 7d \(_defaults.yaml:\d+\)/],
    ['soak: {min: 3d,\n  max: 2d}', /:2:13: soak.min: 3d must not be more than soak.max, 2d \(policy.yaml:3\)/],
    [
      'alerts: {warning: {accuracy_drop: 6%}}',
      /alerts.warning.accuracy_drop: 6% must not be more than alerts.critical.accuracy_drop, 5%/,
    ],
    [
      'alerts: {critical: {accuracy_drop: 0.12}}',
      /accuracy_drop: 0.12 must not be more than rollback.accuracy_drop, 10% \(_defaults/,
    ],
    ['alerts: {info: {accuracy_drop: 3%}}', /alerts.info/],
    ['rollback: {error_rate: 1%}', /rollback.error_rate: 1% must not be less than alerts.critical.error_rate, 2%/],
    ['rollback: {latency_p95: 150ms}', /less than alerts.warning.latency_p95, 200ms/],
    ['thresholds: {latency_p95: {max: 1s}}', /thresholds.latency_p95.max: 1s must not be more than rollback.latency_p95, 500ms/],
  ])('%s', (body, expected) => {
    const lines = linesOf(body);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  it('takes equal figures', () => {
    expect(linesOf('soak: {min: 14d}\nalerts: {critical: {accuracy_drop: 10%, error_rate: 5%}}')).toEqual([]);
  });
});
