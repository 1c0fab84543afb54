import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { ModelRefused } from '../../activities/checks/model-refused.js';
import { createModelRunner } from '../../activities/checks/model-runner.js';
import { roomy, rows } from './loads.js';
import { oneColumn, twoColumns, TYPES, writeModel, type TinyGraph } from './tiny-onnx.js';
import { temporaryDirectory } from './temporary.js';

const runner = createModelRunner();
const script = (code: string) => ({ command: process.execPath, args: ['-e', code] });

describe('what a model answers', () => {
  test('two scores: the last column is class 1', async () => {
    const answered = await runner.predict(await writeModel(twoColumns()), rows(2, 0.75, 0.25, 0.125, 0.875), roomy);
    expect(answered).toEqual({ labels: [0, 1], scores: [0.25, 0.875] });
  });

  test('one score, fed row by row where the model takes one row', async () => {
    for (const batch of ['n', 1]) {
      const answered = await runner.predict(await writeModel(oneColumn(batch)), rows(1, 0.5, 1, 0.25), roomy);
      expect(answered).toEqual({ labels: [0, 1, 0], scores: [0.5, 1, 0.25] });
    }
  });

  test('no label, as networks are exported: the more probable class, a tie counts as class 1', async () => {
    const scoreOnly = ({ outputs, ...graph }: TinyGraph) =>
      writeModel({ ...graph, outputs: outputs.filter(({ name }) => name === 'score') });
    const two = await runner.predict(await scoreOnly(twoColumns()), rows(2, 0.75, 0.25, 0.125, 0.875, 0.5, 0.5), roomy);
    expect(two).toEqual({ labels: [0, 1, 1], scores: [0.25, 0.875, 0.5] });
    const one = await runner.predict(await scoreOnly(oneColumn()), rows(1, 0.25, 1, 0.5), roomy);
    expect(one).toEqual({ labels: [0, 1, 1], scores: [0.25, 1, 0.5] });
    for (const beyond of [1.01, -0.01]) {
      await expect(runner.predict(await scoreOnly(oneColumn()), rows(1, beyond), roomy)).rejects.toThrow('no probabilities');
    }
  });

  test('more rows than one chunk keep their order', async () => {
    const features = Float32Array.from({ length: 5_000 }, (_, row) => row / 8192);
    const { scores } = await runner.predict(await writeModel(oneColumn()), { features, width: 1 }, roomy);
    expect(scores).toEqual([...features]);
  });

  test('a score that is no number is handed on, not hidden', async () => {
    const { scores } = await runner.predict(await writeModel(twoColumns('Sqrt')), rows(2, 0, -1), roomy);
    expect(scores).toEqual([Number.NaN]);
  });
});

describe('a model that is refused', () => {
  const refused = async (path: string, fed: ReturnType<typeof rows>) => {
    const problem: unknown = await runner.predict(path, fed, roomy).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(ModelRefused);
    const { code, message } = problem as ModelRefused;
    return `${code}: ${message}`;
  };

  test('another file under the name of a model', async () => {
    const readme = fileURLToPath(new URL('../../examples/alzheimer/README.md', import.meta.url));
    expect(await refused(readme, rows(1, 1))).toMatch(/^not-loadable: the runtime cannot load the model: .*protobuf/i);
  });

  test.each(['/etc/passwd', '../../../etc/passwd', 'weights.bin'])('weights in another file: %s', async (weightsIn) => {
    const plain = oneColumn();
    const nodes = [{ op: 'Add', inputs: ['X', 'W'], outputs: ['score'] }, ...plain.nodes.slice(1)];
    const reason = await refused(await writeModel({ ...plain, nodes, weightsIn }), rows(1, 0));
    expect(reason).toMatch(/^not-loadable: .*external data/i);
    expect(reason).not.toMatch('gatehouse-model-');
  });

  test('an input of another width, type or number of rows', async () => {
    expect(await refused(await writeModel(twoColumns()), rows(3, 1, 2, 3))).toBe(
      'does-not-fit: the model does not fit: its input X is n x 2, but the rows have 3 features',
    );
    expect(await refused(await writeModel(oneColumn('n', TYPES.double)), rows(1, 1))).toMatch('its input X is float64');
    expect(await refused(await writeModel(oneColumn(16)), rows(1, 1))).toMatch('16 x 1: a fixed number of rows');
  });

  test('more than one input', async () => {
    const plain = twoColumns();
    const second = { name: 'Y', type: TYPES.float, shape: ['n', 2] };
    const path = await writeModel({ ...plain, inputs: [...plain.inputs, second] });
    expect(await refused(path, rows(2, 1, 2))).toMatch('it takes 2 inputs');
  });

  test('no label, no score, or too many of them', async () => {
    const plain = twoColumns();
    const [label, score] = plain.outputs;
    const outputs = (...kept: (typeof label)[]) => writeModel({ ...plain, outputs: kept.flatMap((one) => one ?? []) });
    expect(await refused(await outputs(score), rows(2, 1, 2))).toMatch(
      'it gives no label, and score is 1, 2 for a row: no probabilities of two classes',
    );
    expect(await refused(await outputs(label), rows(2, 1, 2))).toMatch('gives 0 outputs that can be the score');
    const twice = { ...plain, nodes: [...plain.nodes, { op: 'Exp', inputs: ['X'], outputs: ['other'] }] };
    const other = { name: 'other', type: TYPES.float, shape: ['n', 2] };
    const path = await writeModel({ ...twice, outputs: [...plain.outputs, other] });
    expect(await refused(path, rows(2, 1, 2))).toMatch('gives 2 outputs that can be the score');
  });

  test('a class other than 0 and 1', async () => {
    expect(await refused(await writeModel(oneColumn()), rows(1, 2))).toMatch('label is 2 for a row');
  });
});

describe('a run that could not be tried is an error, not a verdict about the model', () => {
  const failed = async (options: Parameters<typeof createModelRunner>[0], path = '') => {
    const problem: unknown = await createModelRunner(options)
      .predict(path, rows(2, 1, 2), roomy)
      .catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Error);
    expect(problem).not.toBeInstanceOf(ModelRefused);
    return (problem as Error).message;
  };

  test('no such file, no such program', async () => {
    expect(await failed({}, '/nowhere/model.onnx')).toBe('the model file cannot be read: ENOENT');
    expect(await failed({ process: { command: '/nowhere/node', args: [] } })).toMatch('the model process could not be started');
  });

  test('a built model process without the runtime beside it', async () => {
    const outfile = join(await temporaryDirectory(), 'model-process.mjs');
    const entryPoint = fileURLToPath(new URL('../../activities/checks/model-process.ts', import.meta.url));
    await build({ entryPoints: [entryPoint], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
    const built = { command: process.execPath, args: [outfile] };
    expect(await failed({ process: built }, await writeModel(twoColumns()))).toMatch('onnxruntime-node is not installed');
  });

  test('a process that is killed or ends on the way, with what it last said', async () => {
    const killed = 'process.stdin.once("data", () => process.kill(process.pid, "SIGKILL"))';
    expect(await failed({ process: script(killed) })).toBe('the model process was killed by SIGKILL without an answer');
    expect(await failed({ process: script('console.error("x".repeat(9000) + "out of memory"); process.exit(3)') })).toMatch(
      /^the model process ended with code 3 without an answer: x+ \.\.\. x+out of memory$/,
    );
  });

  test('half an answer', async () => {
    const half = 'const b = Buffer.alloc(20); b.writeUInt32LE(20); b.write(`{"ok":true,"rows":1}`, 4);';
    expect(await failed({ process: script(`${half} require("fs").writeSync(3, b)`) })).toMatch('without an answer');
  });

  test('a process that left another one holding its pipes', async () => {
    const code = `require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 20000)"], { stdio: "inherit" })`;
    const started = Date.now();
    expect(await failed({ process: script(`${code}; process.exit(0)`), timeoutMs: 1_000 })).toMatch(
      'was not ready within 1000 ms',
    );
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  test('the process sees neither the environment of the worker nor its directory, and leaves nothing behind', async () => {
    process.env['DATABASE_URL'] = 'postgres://secret';
    const told = await failed({
      process: script('console.error(Object.keys(process.env).join(), process.cwd()); process.exit(1)'),
    });
    delete process.env['DATABASE_URL'];
    expect(told).not.toMatch('DATABASE_URL');
    const directory = /gatehouse-model-\w+/.exec(told)?.[0];
    expect(directory).toBeDefined();
    expect(await readdir(tmpdir())).not.toContain(directory);
  });
});
