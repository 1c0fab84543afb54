import { z } from 'zod';
import type { JsonValue } from '../../domain/canonical.js';
import { GATES, policyJson, type Policy } from '../../domain/policy.js';
import { DEFAULTS } from '../../domain/rights.js';
import { policySchema } from './policy-schema.js';
import { quoted } from './quoted.js';
import { fit, problemAt } from './schema-problems.js';
import { readDocument, type ParseResult, type Problem, type YamlDocument } from './yaml-document.js';
import type { Path } from './yaml-values.js';

type JsonMap = { readonly [key: string]: JsonValue };
type Documents = readonly [YamlDocument, ...YamlDocument[]];

/** The text of a file and the name to call it by in messages. */
export interface NamedText {
  readonly text: string | Uint8Array;
  readonly fileName: string;
}

/**
 * The effective policy of a file laid over the defaults: maps are merged key by key, lists and single values replaced.
 * Without `defaults`, and where the file is `_defaults` itself, the file must be complete.
 */
export function parsePolicy(text: string | Uint8Array, fileName: string, defaults?: NamedText): ParseResult<Policy> {
  const read = readDocument(text, fileName);
  if (!read.ok) return read;
  const file = read.value;
  if (!defaults || modelOf(file) === DEFAULTS) return effective(file.value, [file]);
  const below = readDocument(defaults.text, defaults.fileName);
  if (!below.ok) return below;
  const complete = effective(below.value.value, [below.value]);
  if (!complete.ok) return complete;
  if (complete.value.model !== DEFAULTS) {
    return { ok: false, problems: [problemAt([below.value], ['model'], `must be ${DEFAULTS}`)] };
  }
  if (!isMap(file.value)) return { ok: false, problems: [problemAt([file], [], 'must be a map of keys')] };
  if (!file.has(['model'])) return { ok: false, problems: [problemAt([file], ['model'], 'is missing')] };
  return effective(laidOver(below.value.value as JsonMap, file.value), [file, below.value]);
}

/** The model a policy file is for, read without its other keys, e.g. to find out which defaults to lay it over. */
export function policyModel(text: string | Uint8Array, fileName: string): ParseResult<string> {
  const read = readDocument(text, fileName);
  if (!read.ok) return read;
  const parsed = fit(z.looseObject({ model: policySchema.shape.model }), read.value.value, [read.value]);
  return parsed.ok ? { ok: true, value: parsed.value.model } : parsed;
}

function effective(value: JsonValue, documents: Documents): ParseResult<Policy> {
  const wrongGates = documents.flatMap(gatesProblem);
  if (wrongGates.length > 0) return { ok: false, problems: wrongGates };
  const parsed = fit(policySchema, value, documents);
  if (!parsed.ok) return parsed;
  const problems = contradictions(parsed.value, value, documents);
  return problems.length > 0 ? { ok: false, problems } : parsed;
}

function laidOver(below: JsonMap, above: JsonMap): JsonMap {
  const merged = Object.entries(above).map(([key, value]) => {
    const inherited = Object.hasOwn(below, key) ? below[key] : undefined;
    return [key, isMap(inherited) && isMap(value) ? laidOver(inherited, value) : value] as const;
  });
  return { ...below, ...Object.fromEntries(merged) };
}

/** Whoever says `gates` names all four: a list of three must not read as if the fourth were not asked (promises §3, Y7). */
function gatesProblem(document: YamlDocument): Problem[] {
  if (!isMap(document.value) || !Object.hasOwn(document.value, 'gates')) return [];
  const gates = document.value['gates'];
  const named = isMap(gates) ? Object.keys(gates) : [];
  const missing = GATES.filter((gate) => !named.includes(gate));
  const unknown = named.filter((gate) => !(GATES as readonly string[]).includes(gate));
  if (missing.length === 0 && unknown.length === 0) return [];
  const parts = [
    `four distinct gates required: ${GATES.join(', ')}`,
    missing.length > 0 && `missing: ${missing.join(', ')}`,
    unknown.length > 0 && `unknown: ${unknown.map(quoted).join(', ')}`,
  ];
  return [problemAt([document], ['gates'], parts.filter(Boolean).join('; '), 'key', 'rule')];
}

/** Pairs of figures of which the first must not be more than the second. */
const ORDER = [
  ['soak.min', 'soak.max'],
  ['reminders.gate', 'reminders.escalate'],
  // What lies between two windows would be seen by nobody.
  ['watch.every', 'watch.window'],
  ['watch.every', 'labels.window'],
  ['patience.warning', 'patience.critical'],
  ['alerts.info.accuracy_drop', 'alerts.warning.accuracy_drop'],
  ['alerts.warning.accuracy_drop', 'alerts.critical.accuracy_drop'],
  ['alerts.critical.accuracy_drop', 'rollback.accuracy_drop'],
  ['alerts.critical.error_rate', 'rollback.error_rate'],
  ['alerts.warning.latency_p95', 'rollback.latency_p95'],
  // A version that just passes its gate would be rolled back as soon as it serves.
  ['thresholds.latency_p95.max', 'rollback.latency_p95'],
] as const;

function contradictions(policy: Policy, written: JsonValue, documents: Documents): Problem[] {
  const figures = policyJson(policy);
  return ORDER.flatMap((pair) => {
    const [less, more] = [pair[0].split('.'), pair[1].split('.')];
    if (Number(at(figures, less)) <= Number(at(figures, more))) return [];
    const isOwn = documents[0].has(less) || !documents[0].has(more);
    const [here, there, relation] = isOwn ? [less, more, 'more'] : [more, less, 'less'];
    const other = problemAt(documents, there, '');
    const message = `${show(written, here)} must not be ${relation} than ${other.path}, ${show(written, there)} (${other.file}:${other.line})`;
    return [problemAt(documents, here, message)];
  });
}

function at(value: JsonValue, path: Path): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((inner, key) => (isMap(inner) ? inner[key] : undefined), value);
}

function show(written: JsonValue, path: Path): string {
  const figure = at(written, path);
  return typeof figure === 'string' ? figure : quoted(figure);
}

function modelOf(document: YamlDocument): JsonValue | undefined {
  return isMap(document.value) ? document.value['model'] : undefined;
}

function isMap(value: JsonValue | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
