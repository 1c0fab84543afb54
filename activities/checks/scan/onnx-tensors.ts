import { posix } from 'node:path';
import type { Severity } from '../../../domain/scan.js';
import { wrongPath } from '../../../platform/files/fields.js';
import { quoted } from '../../../platform/files/quoted.js';
import { Unreadable } from './bytes.js';
import { ELEMENT_BITS } from './onnx-fields.js';
import type { Frame } from './protobuf.js';
import type { Look } from './look.js';

/** What is wrong with the tensors of one model: weights in other files, sizes that the bytes do not bear out. */
export interface TensorRules {
  leave(frame: Frame, parent: Frame | undefined): void;
  /** Says how many more there were than were reported one by one. */
  finish(): void;
}

const REPORTED = 10;
const ENTRIES = 16;
const STRING = 8;

/** The rules for the model whose file is of this size. */
export function createTensorRules(look: Look, size: number): TensorRules {
  const { scanned, report: tell } = look;
  let count = 0;
  // What is said of each is put into words for the first few alone: a file can have millions.
  const report = (severity: Severity, frame: Frame, what: () => string): void => {
    count += 1;
    if (count > REPORTED) return;
    const { message, texts, start } = frame;
    tell(severity, `${message.name}${texts[8] === undefined ? '' : ` ${quoted(texts[8])}`} at byte ${start}`, what());
  };
  const entries: { key: string; value: string }[] = [];
  let lastType = 0;
  const elsewhere = new Set<string>();

  const addEntry = (key: string, value: string, at: number): void => {
    if (entries.length >= ENTRIES) throw new Unreadable(`a tensor has more than ${ENTRIES} notes on its data`, at);
    entries.push({ key, value });
  };

  const external = (frame: Frame, location: string, offset: number, length: number | undefined, needed: number): void => {
    const weights = locate(look, location);
    if ('wrong' in weights) return report('critical', frame, () => `external data ${weights.wrong}`);
    scanned.weights.add(weights.path);
    const left = weights.size - offset;
    const given = length ?? left;
    // Negated, so that what is no number is refused as well.
    if (!(offset >= 0 && given >= 0 && given <= left))
      report('critical', frame, () => `external data lies outside the ${weights.size} bytes of ${quoted(weights.path)}`);
    else if (needed > given) report('critical', frame, () => `declares ${needed} bytes, its external data has ${given}`);
    else if (!elsewhere.has(weights.path))
      report('high', frame, () => `keeps weights in another file, ${quoted(weights.path)}; put them into the model`);
    elsewhere.add(weights.path);
  };

  const tensor = (frame: Frame): void => {
    const { numbers, lengths } = frame;
    const type = numbers[2]?.at(-1) ?? 0;
    lastType = type;
    const own = entries.splice(0);
    const elements = product(numbers[1] ?? []);
    const bits = ELEMENT_BITS[type];
    if (elements === undefined) return report('critical', frame, () => 'declares a size below 0 or beyond counting');
    if (bits === undefined && type !== STRING) return report('high', frame, () => `has elements of the unknown type ${type}`);
    const needed = Math.ceil((elements * (bits ?? 0)) / 8);
    const locations = own.filter(({ key }) => key === 'location');
    const figures = (key: string) => own.filter((one) => one.key === key).map((one) => wholeNumber(one.value));
    for (const { value } of locations)
      for (const offset of atLeastOne(figures('offset'), 0))
        for (const length of atLeastOne<number | undefined>(figures('length'), undefined))
          external(frame, value, offset, length, needed);
    if (locations.length > 0) return;
    if (numbers[14]?.at(-1) === 1) return report('critical', frame, () => 'says that its data is external, and not where');
    const raw = lengths[9];
    const whole = frame.end - frame.start;
    if (raw !== undefined && (raw !== needed || type === STRING))
      report('critical', frame, () => `declares ${needed} bytes and has ${raw}`);
    // Numbers of few bits and small values share or shorten their bytes, but never beyond this.
    if (raw === undefined && elements > 8 * whole)
      report('critical', frame, () => `declares ${elements} elements in ${whole} bytes`);
  };

  return {
    leave(frame, parent) {
      const { message, texts, numbers } = frame;
      if (message.name === 'entry' && parent?.message.name === 'tensor') addEntry(texts[1] ?? '', texts[2] ?? '', frame.start);
      if (message.name === 'tensor') tensor(frame);
      if (message.name !== 'sparse tensor') return;
      const bytes = ((product(numbers[3] ?? []) ?? Infinity) * (ELEMENT_BITS[lastType] ?? 8)) / 8;
      if (bytes > Math.max(scanned.memoryBytes, size))
        report('critical', frame, () => `takes ${bytes} bytes when it is filled in`);
    },
    finish() {
      if (count > REPORTED) tell('high', '', `${count - REPORTED} more findings about tensors`);
    },
  };
}

function locate({ scanned, path: model }: Look, location: string): { path: string; size: number } | { wrong: string } {
  const wrong = wrongPath(location);
  if (wrong !== undefined) return { wrong };
  if (model === undefined) return { wrong: 'is asked for by a model inside an archive' };
  const path = posix.join(posix.dirname(model), location);
  const size = scanned.files.get(path);
  return size === undefined ? { wrong: `${quoted(path)} is not a file of the package` } : { path, size };
}

function product(dims: readonly number[]): number | undefined {
  const elements = dims.reduce((all, one) => all * one, 1);
  return dims.every((one) => one <= Number.MAX_SAFE_INTEGER) && elements <= Number.MAX_SAFE_INTEGER ? elements : undefined;
}

function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function atLeastOne<T>(list: readonly T[], otherwise: T): readonly T[] {
  return list.length > 0 ? list : [otherwise];
}
