import type { Field, Message } from './protobuf.js';

function message(name: string, fields: { [field: number]: Field }): Message {
  return { name, fields };
}

/** `skip` for the fields that are known and of no interest. */
function skipped(...numbers: readonly number[]): { [field: number]: Field } {
  return Object.fromEntries(numbers.map((number) => [number, 'skip' as const]));
}

// The fields of onnx.proto (to IR version 14), named by their numbers there.
const entry = message('entry', { 1: 'text', 2: 'text' });
const opset = message('opset', { 1: 'text', 2: 'number' });
const tensor = message('tensor', {
  ...skipped(3, 4, 5, 6, 7, 10, 11, 12, 16),
  1: 'number',
  2: 'number',
  8: 'text',
  9: 'length',
  13: entry,
  14: 'number',
});
const sparse = message('sparse tensor', { 1: tensor, 2: tensor, 3: 'number' });
const attribute = message('attribute', {
  ...skipped(1, 2, 3, 4, 7, 8, 9, 13, 14, 15, 20, 21),
  5: tensor,
  10: tensor,
  22: sparse,
  23: sparse,
});
const node = message('node', { ...skipped(1, 2, 3, 6, 8, 9, 10), 4: 'text', 5: attribute, 7: 'text' });
const graph = message('graph', { ...skipped(2, 10, 11, 12, 13, 14, 16), 1: node, 5: tensor, 15: sparse });
attribute.fields[6] = graph;
attribute.fields[11] = graph;
const training = message('training', { ...skipped(3, 4), 1: graph, 2: graph });
const ownOperator = message('function', {
  ...skipped(4, 5, 6, 8, 12, 13, 14),
  1: 'text',
  7: node,
  9: opset,
  10: 'text',
  11: attribute,
});

/** The fields of an ONNX model that a scan looks at. */
export const ONNX_MODEL = message('model', {
  ...skipped(2, 3, 4, 5, 6, 14, 26),
  1: 'number',
  7: graph,
  8: opset,
  20: training,
  25: ownOperator,
});

/** The fields that tell a TensorFlow SavedModel: a schema version and graphs with their definition. */
export const SAVED_MODEL = message('saved model', {
  1: 'number',
  2: message('meta graph', { ...skipped(1, 3, 4, 5, 6, 7), 2: message('graph definition', skipped(1, 2, 3, 4, 5)) }),
});

const BITS: readonly (readonly [bits: number, types: readonly number[]])[] = [
  [2, [25, 26]],
  [4, [21, 22, 23]],
  [6, [27, 28]],
  [8, [2, 3, 9, 17, 18, 19, 20, 24]],
  [16, [4, 5, 10, 16]],
  [32, [1, 6, 12]],
  [64, [7, 11, 13, 14]],
  [128, [15]],
];

/** Bits of one element of a tensor, by its type's number; strings have none. */
export const ELEMENT_BITS: { readonly [type: number]: number } = Object.fromEntries(
  BITS.flatMap(([bits, types]) => types.map((type) => [type, bits])),
);
