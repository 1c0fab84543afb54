import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary.js';

/** Element types of ONNX tensors, by their number in the format. */
export const TYPES = { float: 1, int64: 7, double: 11 } as const;

interface TinyTensor {
  readonly name: string;
  readonly type: number;
  /** A number is a fixed size, text a symbolic one. */
  readonly shape: readonly (number | string)[];
}

interface TinyNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly ints?: Readonly<Record<string, number>>;
  readonly body?: TinyGraph;
}

export interface TinyGraph {
  readonly nodes: readonly TinyNode[];
  readonly inputs: readonly TinyTensor[];
  readonly outputs: readonly TinyTensor[];
  /** Scalar int64 constants. */
  readonly constants?: Readonly<Record<string, number>>;
  /** A file that holds the one float of the constant `W`. */
  readonly weightsIn?: string;
}

/** Writes a hand-made ONNX model of a few nodes to a temporary file and answers its path. */
export async function writeModel(graph: TinyGraph): Promise<string> {
  const path = join(await temporaryDirectory(), 'model.onnx');
  await writeFile(path, Buffer.concat([number(1, 8), message(7, encodeGraph(graph)), message(8, number(2, 17))]));
  return path;
}

/** A model of two columns: it answers them as its two scores and the larger one as its label. */
export function twoColumns(op = 'Identity'): TinyGraph {
  return {
    nodes: [
      { op, inputs: ['X'], outputs: ['score'] },
      { op: 'ArgMax', inputs: ['X'], outputs: ['label'], ints: { axis: 1, keepdims: 0 } },
    ],
    inputs: [{ name: 'X', type: TYPES.float, shape: ['n', 2] }],
    outputs: [
      { name: 'label', type: TYPES.int64, shape: ['n'] },
      { name: 'score', type: TYPES.float, shape: ['n', 2] },
    ],
  };
}

/** A model of one column: it answers it as its only score and, cut to a whole number, as its label. */
export function oneColumn(rows: number | string = 'n', type: number = TYPES.float): TinyGraph {
  return {
    nodes: [
      { op: 'Identity', inputs: ['X'], outputs: ['score'] },
      { op: 'Cast', inputs: ['X'], outputs: ['label'], ints: { to: TYPES.int64 } },
    ],
    inputs: [{ name: 'X', type, shape: [rows, 1] }],
    outputs: [
      { name: 'score', type, shape: [rows, 1] },
      { name: 'label', type: TYPES.int64, shape: [rows, 1] },
    ],
  };
}

/** A model that answers as {@link twoColumns} does, but only after years of counting, or after so many rounds. */
export function endless(rounds = Number.MAX_SAFE_INTEGER): TinyGraph {
  const plain = twoColumns();
  const state = { type: TYPES.float, shape: ['n', 2] };
  const body: TinyGraph = {
    nodes: [
      { op: 'Identity', inputs: ['go'], outputs: ['goOn'] },
      { op: 'Cos', inputs: ['x'], outputs: ['y'] },
    ],
    inputs: [
      { name: 'round', type: TYPES.int64, shape: [] },
      { name: 'go', type: 9, shape: [] },
      { name: 'x', ...state },
    ],
    outputs: [
      { name: 'goOn', type: 9, shape: [] },
      { name: 'y', ...state },
    ],
  };
  const loop: TinyNode = { op: 'Loop', inputs: ['rounds', '', 'X'], outputs: ['score'], body };
  return { ...plain, nodes: [loop, ...plain.nodes.slice(1)], constants: { rounds } };
}

/** A model that answers as {@link twoColumns} does, but writes so many numbers of eight bytes into memory on the way. */
export function huge(numbers: number): TinyGraph {
  const plain = twoColumns('Add');
  return {
    ...plain,
    nodes: [
      { op: 'Range', inputs: ['none', 'numbers', 'one'], outputs: ['all'] },
      { op: 'ReduceMin', inputs: ['all'], outputs: ['least'], ints: { keepdims: 0 } },
      { op: 'Cast', inputs: ['least'], outputs: ['zero'], ints: { to: TYPES.float } },
      { op: 'Add', inputs: ['X', 'zero'], outputs: ['score'] },
      ...plain.nodes.slice(1),
    ],
    constants: { none: 0, numbers, one: 1 },
  };
}

function encodeGraph({ nodes, inputs, outputs, constants = {}, weightsIn }: TinyGraph): Buffer {
  return Buffer.concat([
    ...nodes.map((node) => message(1, encodeNode(node))),
    text(2, 'tiny'),
    ...Object.entries(constants).map(([name, value]) =>
      message(5, Buffer.concat([number(2, TYPES.int64), number(7, value), text(8, name)])),
    ),
    ...(weightsIn === undefined ? [] : [message(5, encodeWeights(weightsIn))]),
    ...inputs.map((tensor) => message(11, encodeTensor(tensor))),
    ...outputs.map((tensor) => message(12, encodeTensor(tensor))),
  ]);
}

function encodeWeights(location: string): Buffer {
  const entries = Object.entries({ location, length: '4' }).map(([key, value]) =>
    message(13, Buffer.concat([text(1, key), text(2, value)])),
  );
  return Buffer.concat([number(1, 1), number(2, TYPES.float), text(8, 'W'), ...entries, number(14, 1)]);
}

function encodeNode({ op, inputs, outputs, ints = {}, body }: TinyNode): Buffer {
  const attributes = Object.entries(ints).map(([name, value]) => Buffer.concat([text(1, name), number(3, value), number(20, 2)]));
  if (body) attributes.push(Buffer.concat([text(1, 'body'), message(6, encodeGraph(body)), number(20, 5)]));
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...attributes.map((attribute) => message(5, attribute)),
  ]);
}

function encodeTensor({ name, type, shape }: TinyTensor): Buffer {
  const sizes = shape.map((size) => message(1, typeof size === 'number' ? number(1, size) : text(2, size)));
  return Buffer.concat([
    text(1, name),
    message(2, message(1, Buffer.concat([number(1, type), message(2, Buffer.concat(sizes))]))),
  ]);
}

export function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

export function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value));
}

export function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
