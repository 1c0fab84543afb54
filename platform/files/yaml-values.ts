import { isAlias, isMap, isScalar, isSeq, visit, type Alias, type Node, type Pair, type Scalar } from 'yaml';
import type { JsonValue } from '../../domain/canonical.js';
import { FILE_LIMITS, tooDeep, type Fault } from './yaml-scan.js';

export type Path = readonly (string | number)[];

/** Where in the text a key and its value stand, as offsets; for an item of a list both are the item. */
interface Place {
  readonly key: number;
  readonly value: number;
}

/** A document's value with the place of every part, and everything that is refused about it. */
export interface Values {
  readonly value: JsonValue;
  readonly places: ReadonlyMap<string, Place>;
  readonly faults: readonly Fault[];
}

interface Reading {
  readonly places: Map<string, Place>;
  readonly faults: Fault[];
  readonly targets: ReadonlyMap<Alias, Node>;
  /** The collections around the value that is being read. */
  readonly around: Set<Node>;
  readonly lineOf: (offset: number) => number;
  visits: number;
}

interface Spot {
  readonly path: Path;
  readonly depth: number;
  /** The offset of the key, where the value has one. */
  readonly key?: number;
}

const FAULTS_KEPT = 100;
const KEY_LENGTH = 200;
const KEYS_REFUSED = ['__proto__', 'constructor', 'prototype'];

/** The key under which {@link Values} keeps a path's place. */
export function placeKey(path: Path): string {
  return JSON.stringify(path);
}

/**
 * Turns YAML nodes into JSON values that are exactly what the author wrote: what YAML readers read differently, or what
 * a number cannot hold exactly, is a fault and never a silently changed value.
 */
export function valuesOf(root: Node | null, lineOf: (offset: number) => number): Values {
  const reading: Reading = { places: new Map(), faults: [], targets: targetsOf(root), around: new Set(), lineOf, visits: 0 };
  return { value: valueOf(root, { path: [], depth: 0 }, reading), places: reading.places, faults: reading.faults };
}

/** What each alias means: the anchor before it in the text, however often its surroundings are unfolded later. */
function targetsOf(root: Node | null): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(root, {
    Alias: (_, alias) => {
      const target = anchors.get(alias.source);
      if (target) targets.set(alias, target);
    },
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

function valueOf(node: Node | null, spot: Spot, reading: Reading): JsonValue {
  const { path, depth } = spot;
  const offset = node?.range?.[0] ?? spot.key ?? 0;
  const wrong = (message: string): null => addFault(reading, { offset, path, message });
  if (++reading.visits > FILE_LIMITS.parts) return wrong('aliases unfold into too much');
  const place = placeKey(path);
  if (!reading.places.has(place)) reading.places.set(place, { key: spot.key ?? offset, value: offset });
  if (node === null) return null;
  if (isAlias(node)) {
    const target = reading.targets.get(node);
    if (!target) return wrong(`no anchor &${node.source} before this alias`);
    if (reading.around.has(target)) return wrong(`the alias *${node.source} is inside its own anchor`);
    return valueOf(target, spot, reading);
  }
  if (isScalar(node)) return scalarValue(node, wrong);
  if (depth >= FILE_LIMITS.depth) return wrong(tooDeep());
  reading.around.add(node);
  const value = isMap(node)
    ? mapValue(node.items as Pair<Node | null, Node | null>[], spot, reading)
    : isSeq(node)
      ? node.items.map((item, i) => valueOf(item as Node, { path: [...path, i], depth: depth + 1 }, reading))
      : null;
  reading.around.delete(node);
  return value;
}

function mapValue(pairs: readonly Pair<Node | null, Node | null>[], { path, depth, key = 0 }: Spot, reading: Reading): JsonValue {
  const lines = new Map<string, number>();
  const entries: [string, JsonValue][] = [];
  for (const pair of pairs) {
    const offset = pair.key?.range?.[0] ?? pair.value?.range?.[0] ?? key;
    const name = isScalar(pair.key) ? String(pair.key.value) : '';
    const inner = name.length > KEY_LENGTH ? path : [...path, name];
    const before = lines.get(name);
    const line = reading.lineOf(offset);
    const message = before === undefined ? wrongKey(pair.key, name) : `written twice, on lines ${before} and ${line}`;
    lines.set(name, before ?? line);
    if (message === undefined) entries.push([name, valueOf(pair.value, { path: inner, depth: depth + 1, key: offset }, reading)]);
    else addFault(reading, { offset, path: inner, message });
  }
  return Object.fromEntries(entries);
}

function wrongKey(node: Node | null, name: string): string | undefined {
  if (!isScalar(node)) return 'a key must be a word';
  if (name === '') return 'a key is missing';
  if (name.length > KEY_LENGTH) return `a key has at most ${KEY_LENGTH} characters`;
  if (/\p{Cc}|\p{Cs}/u.test(name)) return 'a key must be printable';
  if (name === '<<') return 'merge keys are not read; write the keys out';
  return KEYS_REFUSED.includes(name) ? 'no file may use this key' : undefined;
}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;
const YAML_NUMBER = /^([-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+)$/;
const YAML_SPECIAL = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;

function scalarValue(node: Scalar, wrong: (message: string) => null): JsonValue {
  const text = String(node.value);
  if (node.type !== 'PLAIN') return text;
  if (/^(|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(true|True|TRUE|false|False|FALSE)$/.test(text)) return text.toLowerCase() === 'true';
  if (YAML_SPECIAL.test(text)) return wrong('a finite number is required');
  if (!YAML_NUMBER.test(text)) return text;
  const number = Number(text);
  if (!Number.isFinite(number)) return wrong('a finite number is required');
  const ways = `write ${number === 0 ? 0 : number}, or put it in quotes if it is text`;
  if (!JSON_NUMBER.test(text)) return wrong(`${shortened(text)} is read differently by different programs: ${ways}`);
  if (Object.is(number, -0) || figures(text) !== figures(String(number))) {
    return wrong(`${shortened(text)} cannot be kept exactly: ${ways}`);
  }
  return number;
}

/** The significant figures of a decimal number: what must survive reading it. */
function figures(text: string): string {
  const [mantissa = ''] = text.split(/e/i);
  return mantissa.replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}

function addFault(reading: Reading, fault: Fault): null {
  if (reading.faults.length < FAULTS_KEPT) reading.faults.push(fault);
  return null;
}
