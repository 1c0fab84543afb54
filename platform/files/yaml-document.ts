import { Composer, LineCounter } from 'yaml';
import type { JsonValue } from '../../domain/canonical.js';
import { printable, quoted } from './quoted.js';
import { badCharacter, scanYaml, textOf, type Fault } from './yaml-scan.js';
import { placeKey, valuesOf, type Path } from './yaml-values.js';

/** What is wrong with a file; line and column count from 1, both are 0 where it is about the file as a whole. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The value it is about, e.g. `thresholds.accuracy.min`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** `usage`: it cannot be understood; `rule`: it is understood, and a rule refuses it. */
  readonly kind: 'usage' | 'rule';
}

/** What reading a file came to: its value, or everything that is wrong with it, never an exception. */
export type ParseResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/** A YAML file as a JSON value that knows where each part was written. */
export interface YamlDocument {
  readonly file: string;
  readonly value: JsonValue;
  has(path: Path): boolean;
  /** Line and column of a key or of its value; of the nearest part around it when the path was not written. */
  placeOf(path: Path, part: 'key' | 'value'): { readonly line: number; readonly column: number };
}

/** Reads a YAML file strictly (promises §3, Y4–Y6, Y10): within limits, one document, nothing dropped, guessed or changed. */
export function readDocument(source: string | Uint8Array, file: string): ParseResult<YamlDocument> {
  const text = textOf(source);
  if (typeof text !== 'string') return refused(file, [text]);
  const lines = lineCounterOf(text);
  const wrong = badCharacter(text);
  if (wrong) return refused(file, [wrong], lines);
  const tokens = scanYaml(text);
  if (!Array.isArray(tokens)) return refused(file, [tokens], lines);
  // With `failsafe` plain values stay text, so that what a number or a flag is gets decided in one place only.
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (!document || second)
    return refused(file, [{ offset: second?.range[0] ?? 0, message: 'holds more than one document' }], lines);
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) return refused(file, errors.slice(0, 20).map(toFault), lines);
  const { value, places, faults } = valuesOf(document.contents, (offset) => lines.linePos(offset).line);
  if (faults.length > 0) return refused(file, faults, lines);
  if (value === null) return refused(file, [{ offset: 0, message: 'the file is empty' }], lines);
  const placeOf: YamlDocument['placeOf'] = (path, part) => {
    const place = places.get(placeKey(path));
    if (!place && path.length > 0) return placeOf(path.slice(0, -1), part);
    return positionAt(lines, place?.[part] ?? 0);
  };
  return { ok: true, value: { file, value, has: (path) => places.has(placeKey(path)), placeOf } };
}

/** One line for a problem: `policy.yaml:3:12: thresholds.accuracy.min: must be 0–1; did you mean 0.85 or 85%?`. */
export function problemLine(problem: Problem): string {
  const { path, message } = problem;
  return printable([problemPlace(problem), path, message].filter((part) => part !== '').join(': '));
}

/** Where a problem is: the file, and line and column where it has them. */
export function problemPlace({ file, line, column }: Pick<Problem, 'file' | 'line' | 'column'>): string {
  return line > 0 ? `${file}:${line}:${column}` : file;
}

/** The text of a path: `gates.devops.quorum`, `features[3].name`; unusual keys are quoted and shortened. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return `${text}${text === '' ? '' : '.'}${/^[\w-]{1,64}$/.test(key) ? key : quoted(key)}`;
  }, '');
}

function refused(file: string, faults: readonly Fault[], lines?: LineCounter): { ok: false; problems: Problem[] } {
  const problems = faults.map(({ offset, message, path }): Problem => {
    const position = lines ? positionAt(lines, offset) : { line: 1, column: 1 };
    return { file, ...position, path: pathText(path ?? []), message, kind: 'usage' };
  });
  return { ok: false, problems };
}

function toFault({ pos, message }: { pos: [number, number]; message: string }): Fault {
  return { offset: pos[0], message: `is not YAML: ${message}` };
}

function positionAt(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function lineCounterOf(text: string): LineCounter {
  const lines = new LineCounter();
  for (let start = 0; start >= 0;) {
    lines.addNewLine(start);
    const end = text.indexOf('\n', start);
    start = end < 0 ? -1 : end + 1;
  }
  return lines;
}
