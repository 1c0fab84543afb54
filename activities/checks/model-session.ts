import type * as runtime from 'onnxruntime-node';
import { ModelRefused } from './model-refused.js';

const CHUNK_ROWS = 1024;

/** A loaded model that takes rows of one width. */
export interface OpenModel {
  /** How many rows it takes at a time. */
  readonly chunkRows: number;
  /** The class chosen and the score of class 1 for each row; throws `ModelRefused` when the model does not take them. */
  predict(features: Float32Array, rows: number): Promise<{ readonly labels: Uint8Array; readonly scores: Float64Array }>;
}

/**
 * Loads a binary classifier from its ONNX bytes: one float32 input of rows × width, and a float output with the score of class 1
 * (last of two columns, or the only one). The class chosen is an int64 output, or where there is none, as neural networks are
 * usually exported, the more probable one, the scores then being probabilities. Throws `ModelRefused` on any other model.
 */
export async function openModel(bytes: Uint8Array, width: number, threads = 1): Promise<OpenModel> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  }).catch((problem: unknown) => {
    throw new ModelRefused('not-loadable', `the runtime cannot load the model: ${oneLine(problem)}`);
  });
  const input = onlyInput(session.inputMetadata, width);
  const outputs = session.outputMetadata;
  const label = candidates(outputs, LABEL).length === 0 ? undefined : onlyOutput(outputs, LABEL);
  const score = onlyOutput(outputs, SCORE);
  return {
    chunkRows: input.batch === 1 ? 1 : CHUNK_ROWS,
    async predict(features, rows) {
      const answer = await session
        .run({ [input.name]: new Tensor('float32', features, [rows, width]) }, label === undefined ? [score] : [label, score])
        .catch((problem: unknown) => doesNotFit(`it cannot answer the rows: ${oneLine(problem)}`));
      const answered = columnsOf(answer[score], score, rows);
      const scores = answered.at(-1) ?? new Float64Array();
      const labels = label === undefined ? moreProbable(answered, score) : labelsOf(answer[label], label, rows);
      return { labels, scores };
    },
  };
}

/** The runtime; throws when it is not here. */
export async function loadRuntime(): Promise<typeof runtime> {
  try {
    return await import('onnxruntime-node');
  } catch (problem) {
    throw new Error(
      `onnxruntime-node is not installed or does not run here (npm install onnxruntime-node): ${oneLine(problem)}`,
      {
        cause: problem,
      },
    );
  }
}

type Metadata = readonly runtime.InferenceSession.ValueMetadata[];

function onlyInput(inputs: Metadata, width: number): { name: string; batch: number | string | undefined } {
  const [input, ...others] = inputs;
  if (!input || others.length > 0) doesNotFit(`it takes ${inputs.length} inputs, one is expected`);
  if (!input.isTensor || input.type !== 'float32') {
    doesNotFit(`its input ${input.name} is ${input.isTensor ? input.type : 'no tensor'}, float32 is expected`);
  }
  const [batch, columns] = input.shape;
  const takes = `its input ${input.name} is ${input.shape.map((size) => size || 'n').join(' x ')}`;
  // An empty shape is one the model does not declare: then only running it tells.
  if (input.shape.length !== 0 && input.shape.length !== 2) doesNotFit(`${takes}, rows x ${width} is expected`);
  if (typeof columns === 'number' && columns !== width) doesNotFit(`${takes}, but the rows have ${width} features`);
  if (typeof batch === 'number' && batch !== 1) doesNotFit(`${takes}: a fixed number of rows other than 1`);
  return { name: input.name, batch };
}

interface Wanted {
  readonly types: readonly string[];
  readonly what: string;
  readonly columns: readonly number[];
}

const LABEL: Wanted = { types: ['int64'], what: 'label (int64, one per row)', columns: [1] };
const SCORE: Wanted = { types: ['float32', 'float64'], what: 'score (float, one or two per row)', columns: [1, 2] };

function candidates(outputs: Metadata, { types, columns }: Wanted): Metadata {
  return outputs.filter((output) => {
    if (!output.isTensor || !types.includes(output.type)) return false;
    const [, second, ...more] = output.shape;
    return more.length === 0 && (typeof second !== 'number' || columns.includes(second));
  });
}

function onlyOutput(outputs: Metadata, wanted: Wanted): string {
  const found = candidates(outputs, wanted);
  const [output, ...others] = found;
  if (output && others.length === 0) return output.name;
  const given = outputs.map((one) => `${one.name}: ${one.isTensor ? one.type : 'no tensor'}`).join(', ');
  const map = outputs.some(({ isTensor }) => !isTensor) ? '; export it without ZipMap (skl2onnx: zipmap=False)' : '';
  return doesNotFit(`it gives ${found.length} outputs that can be the ${wanted.what}; its outputs are ${given || 'none'}${map}`);
}

function labelsOf(tensor: runtime.Tensor | undefined, name: string, rows: number): Uint8Array {
  const data = tensor?.data as BigInt64Array | undefined;
  if (data?.length !== rows) return doesNotFit(`${name} has ${data?.length ?? 0} labels for ${rows} rows`);
  return Uint8Array.from(data, (label) => {
    if (label !== 0n && label !== 1n) doesNotFit(`${name} is ${label} for a row, 0 or 1 is expected`);
    return Number(label);
  });
}

/** The scores column by column, one or two of them. */
function columnsOf(tensor: runtime.Tensor | undefined, name: string, rows: number): Float64Array[] {
  const data = tensor?.data as Float32Array | Float64Array | undefined;
  const width = (data?.length ?? 0) / rows;
  if (!data || (width !== 1 && width !== 2)) return doesNotFit(`${name} has ${data?.length ?? 0} scores for ${rows} rows`);
  return Array.from({ length: width }, (_unused, column) =>
    Float64Array.from({ length: rows }, (_, row) => data[row * width + column] ?? Number.NaN),
  );
}

/** How far from 1 the probabilities of both classes may be together, after a network's rounding. */
const ROUNDING = 1e-3;

/** The class of the larger probability, 1 where both are alike: what has no label must have probabilities, or nothing chooses. */
function moreProbable(columns: readonly Float64Array[], name: string): Uint8Array {
  const ones = columns.at(-1) ?? new Float64Array();
  const zeros = columns.length === 2 ? columns[0] : ones.map((one) => 1 - one);
  return Uint8Array.from(ones, (one, row) => {
    const zero = zeros?.[row] ?? Number.NaN;
    // A figure that is not finite is handed on: it is measured, not guessed.
    const isProbability = !Number.isFinite(one + zero) || (one >= 0 && zero >= 0 && Math.abs(one + zero - 1) <= ROUNDING);
    if (!isProbability)
      doesNotFit(`it gives no label, and ${name} is ${zero}, ${one} for a row: no probabilities of two classes`);
    return one >= zero ? 1 : 0;
  });
}

function doesNotFit(reason: string): never {
  throw new ModelRefused('does-not-fit', `the model does not fit: ${reason}`);
}

function oneLine(problem: unknown): string {
  const text = problem instanceof Error ? problem.message : String(problem);
  // The working directory is another one each time; a reason is the same for the same model.
  return text.replaceAll(process.cwd(), '.').replace(/\s+/g, ' ').trim().slice(0, 500);
}
