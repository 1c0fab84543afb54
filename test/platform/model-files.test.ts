import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { datasetSchema, parseDataset } from '../../platform/files/dataset-file.js';
import { featureViewSchema, parseFeatureView } from '../../platform/files/feature-view-file.js';
import { modelSchema, parseModel } from '../../platform/files/model-file.js';
import { problemLine, type ParseResult } from '../../platform/files/yaml-document.js';

const DIGEST = 'ab'.repeat(32);
const MODEL = `name: m
version: 1.2.0
artifacts:
  - {path: model.onnx, role: model, sha256: ${DIGEST}}
  - {path: docs/MODEL_CARD.md, role: documentation, sha256: ${DIGEST}}
feature_view: {name: v, version: 3}
features:
  - {name: age, type: float32}
  - {name: tau, type: float32}
training: {dataset: train, run: r-1, commit: 465347a, metrics: {cv_accuracy: 0.8}}
holdout: hold
`;
const DATASET = `name: hold_2026\nseries: hold\nrole: holdout\nfeature_view: {name: v, version: 3}\nlabel: impaired\npath: data/holdout.csv\nsha256: ${DIGEST}\n`;

function problemsOf(parsed: ParseResult<unknown>): string[] {
  return parsed.ok ? [] : parsed.problems.map((problem) => `${problem.kind} ${problemLine(problem)}`);
}

describe('model.yaml', () => {
  it('is read', () => {
    expect(parseModel(MODEL)).toEqual({
      ok: true,
      value: {
        name: 'm',
        version: '1.2.0',
        artifacts: [
          { path: 'model.onnx', role: 'model', sha256: DIGEST },
          { path: 'docs/MODEL_CARD.md', role: 'documentation', sha256: DIGEST },
        ],
        featureView: { name: 'v', version: 3 },
        features: [
          { name: 'age', type: 'float32' },
          { name: 'tau', type: 'float32' },
        ],
        training: { dataset: 'train', run: 'r-1', commit: '465347a', metrics: { cv_accuracy: 0.8 } },
        holdout: 'hold',
        checklist: {},
      },
    });
  });

  it.each(['1.1.0', '1.2.0', '1.3.0'])('of the example %s is read', (version) => {
    const file = join(import.meta.dirname, '../../examples/alzheimer/packages', version, 'model.yaml');
    const parsed = parseModel(readFileSync(file));
    expect(problemsOf(parsed)).toEqual([]);
    expect(parsed).toMatchObject({ value: { version, checklist: expect.any(Object) } });
  });

  it.each([
    ['1.2', /"1.2.0"|did you mean 1.2.0\?|must be text; write "1.2" in quotes/],
    ['v1.2.0', /did you mean 1.2.0\?/],
    ['01.2.0', /did you mean 1.2.0\?/],
    ['"1.2.0 "', /did you mean 1.2.0\?/],
    ['latest', /is not a semantic version such as 1.2.0/],
  ])('refuses the version %s (C2)', (version, expected) => {
    expect(problemsOf(parseModel(MODEL.replace('1.2.0', version)))[0]).toMatch(expected);
  });

  it.each([
    '../../etc/passwd',
    '/etc/passwd',
    '"C:\\\\model.onnx"',
    'C:/model.onnx',
    'a/../b',
    './a',
    'a//b',
    'a/',
    '"a\\0b"',
    '"a\\nb"',
    '"a\\\\b"',
    '""',
    '"\\uD800"',
    '..',
  ])('refuses the path %s by rule (A1)', (path) => {
    const lines = problemsOf(parseModel(MODEL.replace('model.onnx', path)));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^rule model.yaml:4:12: artifacts\[0\].path: /);
    expect(lines[0]).not.toMatch(/\p{Cc}/u);
  });

  it.each([DIGEST.toUpperCase(), DIGEST.slice(1), `md5:${DIGEST.slice(0, 32)}`, `sha256:${DIGEST}`, '""'])(
    'refuses the digest %s (A3)',
    (digest) => {
      expect(problemsOf(parseModel(MODEL.replace(DIGEST, digest)))[0]).toMatch(
        /^rule model.yaml:4:45: artifacts\[0\].sha256: must be the SHA-256/,
      );
    },
  );

  it.each([
    [
      'no features',
      MODEL.replace(/features:\n.*\n.*\n/, 'features: []\n'),
      /^rule .* features: at least one feature is required/,
    ],
    ['a feature twice', MODEL.replace('tau', 'age'), /features\[1\].name: the same name as features\[0\]/],
    ['an unknown type', MODEL.replace('age, type: float32', 'age, type: float16'), /"float16" is none of float32, float64/],
    ['no model', MODEL.replace('role: model', 'role: weights'), /exactly one artifact has the role model, not 0/],
    ['two models', MODEL.replace('role: documentation', 'role: model'), /exactly one artifact has the role model, not 2/],
    ['metrics that are no numbers', MODEL.replace('0.8}', 'good}'), /training.metrics.cv_accuracy: must be a finite number/],
    ['metrics that are NaN (A11)', MODEL.replace('0.8}', '.nan}'), /training.metrics.cv_accuracy: a finite number is required/],
    [
      'an accuracy above 1 (A11)',
      MODEL.replace('0.8}', '80}'),
      /^rule model.yaml:10:\d+: training.metrics.cv_accuracy: must be 0–1, not 80/,
    ],
    ['a figure below 0 (A11)', MODEL.replace('cv_accuracy: 0.8}', 'roc_auc: -0.1}'), /^rule .*roc_auc: must be 0–1, not -0.1/],
    ['no lineage', MODEL.replace('run: r-1, ', ''), /^usage model.yaml:10:\d+: training.run: is missing/],
    [
      'a commit that YAML reads as a number',
      MODEL.replace('465347a', '465347'),
      /training.commit: must be text; write "465347" in quotes/,
    ],
    ['an unknown key', MODEL.replace('holdout', 'holdouts'), /holdouts: unknown key; did you mean holdout\?/],
  ])('refuses %s', (_, text, expected) => expect(problemsOf(parseModel(text)).join('\n')).toMatch(expected));
});

describe('feature views', () => {
  it('are read', () => {
    expect(parseFeatureView('name: v\nversion: 3\nfeatures: [{name: age, type: int32}]', 'f')).toEqual({
      ok: true,
      value: { name: 'v', version: 3, features: [{ name: 'age', type: 'int32' }] },
    });
    const example = readFileSync(join(import.meta.dirname, '../../examples/alzheimer/feature-view.yaml'));
    expect(problemsOf(parseFeatureView(example, 'f'))).toEqual([]);
  });

  it.each([
    ['name: v\nversion: 0\nfeatures: [{name: a, type: bool}]', /version: must be at least 1/],
    ['name: v\nversion: "3"\nfeatures: [{name: a, type: bool}]', /version: must be a finite number, not "3"/],
    ['name: v\nversion: 3\nfeatures: []', /at least one feature/],
    ['name: v\nversion: 3\nfeature: []', /feature: unknown key; did you mean features\?/],
  ])('refuses %j', (text, expected) => expect(problemsOf(parseFeatureView(text, 'f')).join('\n')).toMatch(expected));
});

describe('data sets', () => {
  it('are read', () => {
    expect(parseDataset(`${DATASET}positive: 1\n`, 'd')).toEqual({
      ok: true,
      value: {
        name: 'hold_2026',
        series: 'hold',
        role: 'holdout',
        featureView: { name: 'v', version: 3 },
        label: 'impaired',
        path: 'data/holdout.csv',
        sha256: DIGEST,
        positive: '1',
      },
    });
    for (const name of ['holdout-set.yaml', 'training-set.yaml']) {
      expect(problemsOf(parseDataset(readFileSync(join(import.meta.dirname, '../../examples/alzheimer', name)), name))).toEqual(
        [],
      );
    }
  });

  it.each([
    [DATASET.replace('role: holdout', 'role: test'), /"test" is none of training, holdout/],
    [DATASET.replace('data/holdout.csv', '../holdout.csv'), /^rule .* path: /],
    [DATASET.replace(DIGEST, 'x'), /^rule .* sha256: /],
    [`${DATASET}positive: true`, /put it in quotes/],
    [`${DATASET}positive: 1.5`, /put it in quotes/],
    ['', /empty/],
  ])('refuses %j', (text, expected) => expect(problemsOf(parseDataset(text, 'd')).join('\n')).toMatch(expected));
});

it('every kind of file can be published as a JSON Schema', () => {
  for (const schema of [modelSchema, featureViewSchema, datasetSchema]) {
    expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({ type: 'object', additionalProperties: false });
  }
});
