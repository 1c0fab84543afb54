import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { jsonSchemas, schemaText } from '../../platform/files/json-schemas.js';
import { readDocument } from '../../platform/files/yaml-document.js';
import { EXAMPLE, root } from '../support/stack.js';

const folder = join(root, 'schemas');
const schemas = jsonSchemas();

/** What an independent validator says of a text, as an editor would. */
function problems(kind: string, text: string): string[] {
  const read = readDocument(text, 'file.yaml');
  if (!read.ok) throw new Error(read.problems[0]?.message);
  const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schemas[kind] ?? {});
  validate(read.value.value);
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

const WRITTEN = [
  ...readdirSync(EXAMPLE)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(EXAMPLE, name)),
  ...readdirSync(join(EXAMPLE, 'packages')).map((version) => join(EXAMPLE, 'packages', version, 'model.yaml')),
  join(root, 'policies', '_defaults.yaml'),
];

describe('the published schemas', () => {
  it('are what the files are read with; npm run schemas writes them', () => {
    expect(readdirSync(folder).sort()).toEqual(
      Object.keys(schemas)
        .map((name) => `${name}.schema.json`)
        .sort(),
    );
    for (const [name, schema] of Object.entries(schemas)) {
      expect(readFileSync(join(folder, `${name}.schema.json`), 'utf8')).toBe(schemaText(schema));
    }
  });

  it.each(WRITTEN.map((path) => [relative(root, path)] as const))('%s names its schema and follows it', (name) => {
    const path = join(root, name);
    const text = readFileSync(path, 'utf8');
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
    const kind = relative(folder, resolve(dirname(path), named)).replace('.schema.json', '');
    expect(Object.keys(schemas)).toContain(kind);
    expect(problems(kind, text)).toEqual([]);
  });
});

describe('an editor says while somebody types', () => {
  it.each([
    ['a per cent for a fraction', 'thresholds: { accuracy: { min: 85 } }', '/thresholds/accuracy/min'],
    ['a misspelt key', 'thresholds: { acuracy: { min: 0.85 } }', '/thresholds additionalProperties'],
    ['a duration without its unit', 'soak: { min: 7 }', '/soak/min'],
    ['a duration in words', 'soak: { min: 1 fortnight }', '/soak/min'],
    ['three gates', 'gates: { devops: {}, business: {}, security: {} }', '/gates required'],
    ['an unknown reaction', 'soak: { warning: explodes }', '/soak/warning enum'],
    ['a size without its unit', 'thresholds: { size: { below: 100 } }', '/thresholds/size/below'],
  ])('%s', (_, line, expected) => {
    expect(problems('policy', `model: m\n${line}\n`).join('\n')).toContain(expected);
  });

  it.each(['0.85', '85%', '85.5%', '0', '1', '100%'])('nothing about an accuracy of %s', (accuracy) => {
    expect(problems('policy', `model: m\nthresholds: { accuracy: { min: ${accuracy} } }\n`)).toEqual([]);
  });

  it.each(['7d', '7d12h', '1w', '90s', '500ms'])('nothing about a soak of %s', (soak) => {
    expect(problems('policy', `model: m\nsoak: { min: ${soak}, max: 20d }\n`)).toEqual([]);
  });
});
