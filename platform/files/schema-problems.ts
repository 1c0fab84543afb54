import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { JsonValue } from '../../domain/canonical.js';
import { quoted } from './quoted.js';
import { pathText, type ParseResult, type Problem, type YamlDocument } from './yaml-document.js';
import type { Path } from './yaml-values.js';

/**
 * Holds a value read from one or more documents against a schema. Each problem points at the place where the value was
 * written: in the first of the documents that says it, so that the first ones are those laid over the others.
 */
export function fit<T>(
  schema: z.ZodType<T>,
  value: JsonValue,
  documents: readonly [YamlDocument, ...YamlDocument[]],
): ParseResult<T> {
  const parsed = schema.safeParse(value, { error: explain });
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) => {
    const path = issue.path as Path;
    if (issue.code !== 'unrecognized_keys') return [problemAt(documents, path, issue.message, 'value', kindOf(issue))];
    const messages = issue.message.split('\n');
    return issue.keys.map((key, i) => problemAt(documents, [...path, key], messages[i] ?? 'unknown key', 'key'));
  });
  return { ok: false, problems: problems.sort(byPlace) };
}

function byPlace(a: Problem, b: Problem): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : 0;
}

/** A problem about a path, at the place where the first of the documents that writes it does so. */
export function problemAt(
  documents: readonly [YamlDocument, ...YamlDocument[]],
  path: Path,
  message: string,
  part: 'key' | 'value' = 'value',
  kind: Problem['kind'] = 'usage',
): Problem {
  const document = documents.find((each) => each.has(path)) ?? documents[0];
  return { file: document.file, ...document.placeOf(path, part), path: pathText(path), message, kind };
}

/** The message for keys that a map of these keys does not have, one line each, with the nearest valid key. */
export function unknownKeys(keys: readonly string[], valid: readonly string[]): string {
  return keys
    .map((key) => {
      const nearest = valid.length > 0 ? closest(key.slice(0, 64), valid) : undefined;
      const isNear = nearest !== undefined && distance(key.slice(0, 64), nearest) <= Math.max(2, nearest.length / 3);
      return `unknown key; ${isNear ? `did you mean ${nearest}?` : `allowed: ${valid.join(', ')}`}`;
    })
    .join('\n');
}

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

const explain: z.core.$ZodErrorMap = (issue: RawIssue) => {
  if (issue.input === undefined) return 'is missing';
  if (issue.input === null) return 'has no value';
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input);
    case 'invalid_value':
      return `${quoted(issue.input)} is none of ${issue.values.join(', ')}`;
    case 'too_small':
      return issue.origin === 'string' ? 'is empty' : `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters long' : ''}`;
    case 'invalid_key':
      return 'a key is not allowed';
    default:
      return undefined;
  }
};

function wrongType(expected: string, input: unknown): string {
  switch (expected) {
    case 'object':
    case 'record':
      return 'must be a map of keys';
    case 'array':
      return 'must be a list';
    case 'string':
      return typeof input === 'number' || typeof input === 'boolean'
        ? `must be text; write "${input}" in quotes`
        : 'must be text';
    case 'int':
      return `must be a whole number, not ${quoted(input)}`;
    case 'number':
      return `must be a finite number, not ${quoted(input)}`;
    default:
      return `must be ${expected}`;
  }
}

function kindOf(issue: z.core.$ZodIssue): Problem['kind'] {
  return issue.code === 'custom' && issue.params?.['kind'] === 'rule' ? 'rule' : 'usage';
}
