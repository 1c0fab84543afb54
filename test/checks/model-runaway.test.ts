import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { frameHeader } from '../../activities/checks/model-protocol.js';
import { ModelRefused } from '../../activities/checks/model-refused.js';
import { createModelRunner, type ModelRunnerOptions } from '../../activities/checks/model-runner.js';
import type { RunLimits } from '../../activities/ports.js';
import { entry } from '../../platform/entry.js';
import { roomy, rows, short } from './loads.js';
import { endless, huge, oneColumn, writeModel } from './tiny-onnx.js';

const script = (code: string) => ({ command: process.execPath, args: ['-e', code] });
/** A stand-in for the model process that behaves, once its runtime is there, as no ONNX model does. */
const started = (code: string) =>
  script(`require('fs').writeSync(3, Buffer.from('${frameHeader({ started: true }).toString('base64')}', 'base64')); ${code}`);

/** The two ways in which a model is run, and how much longer than its timeout the first may take. */
const WAYS = [
  ['under a load', 2 * short.forMs, 800],
  ['on rows', 0, 9],
] as const;
type Way = (typeof WAYS)[number][0];

const tried = (way: Way, options: ModelRunnerOptions, path = '', limits: Partial<RunLimits> = {}) => {
  const runner = createModelRunner(options);
  const fed = [path, rows(2, 1, 2)] as const;
  const within = { ...roomy, ...limits };
  const run: Promise<unknown> = way === 'on rows' ? runner.predict(...fed, within) : runner.load(...fed, short, within);
  return run.catch((problem: unknown) => problem);
};

describe.each(WAYS)('a model that runs away %s is refused, naming the limit', (way, longerMs, answerBytes) => {
  const refused = async (options: ModelRunnerOptions, path?: string, limits?: Partial<RunLimits>) => {
    const problem = await tried(way, options, path, limits);
    expect(problem).toBeInstanceOf(ModelRefused);
    const { code, message } = problem as ModelRefused;
    return `${code}: ${message}`;
  };
  const atLimit = (timeoutMs: number) => `over-limit: the model process was ended at its limit of ${timeoutMs + longerMs} ms`;

  test('it never answers, and spins while it does not', async () => {
    expect(await refused({ timeoutMs: 13_000 }, await writeModel(endless()))).toBe(atLimit(13_000));
  });

  test.each([
    ['sleeps', 'setTimeout(() => {}, 1e6)'],
    ['spins', 'for (;;);'],
    ['prints for ever, where nobody reads', 'for (;;) require("fs").writeSync(1, "x".repeat(1e6))'],
  ])('a process that %s', async (_, code) => {
    expect(await refused({ process: started(code), timeoutMs: 3_000 })).toBe(atLimit(3_000));
  });

  test('a model that wants gigabytes', async () => {
    expect(await refused({}, await writeModel(huge(300_000_000)), { memoryLimitBytes: 400e6 })).toBe(
      'over-limit: the model process was ended at its limit of 400000000 bytes of memory',
    );
  });

  test.skipIf(process.platform !== 'linux')('a process that takes gigabytes and does not watch itself', async () => {
    const code = 'const all = []; setInterval(() => all.push(Buffer.alloc(2e7, 1)), 5)';
    expect(await refused({ process: started(code) }, '', { memoryLimitBytes: 400e6 })).toMatch(
      'at its limit of 400000000 bytes of memory',
    );
  });

  test('a process that prints megabytes', async () => {
    expect(await refused({ process: started('for (;;) require("fs").writeSync(2, "x".repeat(1e6))') })).toBe(
      'over-limit: the model process was ended at its limit of 16000000 bytes to print',
    );
  });

  test('a process that answers megabytes', async () => {
    const code = 'require("fs").createWriteStream("", { fd: 3 }).write(Buffer.alloc(5e6))';
    expect(await refused({ process: started(code) })).toBe(
      `over-limit: the model process was ended at its limit of ${answerBytes} bytes to answer`,
    );
  });

  test('a process that crashes once the model is there', async () => {
    expect(await refused({ process: started('console.error("\\u001b[31mbad\\nfree"); process.abort()') })).toMatch(
      /^crashed: the model process was killed by SIGABRT without an answer: [\x20-\x7e]*bad free/,
    );
    expect(await refused({ process: started('process.exit(3)') })).toMatch('crashed: the model process ended with code 3');
  });

  test('a model that does not fit, or cannot be loaded', async () => {
    expect(await refused({}, await writeModel(oneColumn()))).toMatch(
      'does-not-fit: the model does not fit: its input X is n x 1',
    );
    expect(await refused({}, import.meta.filename)).toMatch('not-loadable');
  });
});

describe.each(WAYS)('a run %s that could not be tried is an error, not a verdict about the model', (way, longerMs) => {
  const failed = async (...asked: Parameters<typeof tried> extends [Way, ...infer Rest] ? Rest : never) => {
    const problem = await tried(way, ...asked);
    expect(problem).toBeInstanceOf(Error);
    expect(problem).not.toBeInstanceOf(ModelRefused);
    return (problem as Error).message;
  };

  test('no such program, no such file', async () => {
    expect(await failed({ process: { command: '/nowhere/node', args: [] } })).toMatch('the model process could not be started');
    expect(await failed({}, '/nowhere/model.onnx')).toBe('the model file cannot be read: ENOENT');
  });

  test('a process that ends or hangs before its runtime is there', async () => {
    expect(await failed({ process: script('process.exit(1)') })).toMatch('the model process ended with code 1 without an answer');
    expect(await failed({ process: script('setTimeout(() => {}, 1e6)'), timeoutMs: 1_000 })).toBe(
      `the model process was not ready within ${1_000 + longerMs} ms`,
    );
  });

  test('a process that somebody else ends', async () => {
    expect(await failed({ process: started('process.kill(process.pid, "SIGKILL")') })).toMatch('was killed by SIGKILL');
  });

  test('work that is cancelled, before and while it runs', async () => {
    const cancelled = new AbortController();
    setTimeout(() => cancelled.abort(new Error('the worker is shutting down')), 1_500);
    const path = await writeModel(endless());
    expect(await failed({}, path, { signal: cancelled.signal })).toBe('the worker is shutting down');
    expect(await failed({}, path, { signal: cancelled.signal })).toBe('the worker is shutting down');
  });
});

test('a load needs rows', async () => {
  await expect(createModelRunner().load('', rows(2), short, roomy)).rejects.toThrow('without rows');
});

test('the model process ends itself at its memory limit, also when nobody else looks', async () => {
  const { command, args } = entry('model-process');
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore', 'pipe'] });
  const modelPath = await writeModel(huge(300_000_000));
  (child.stdin as Writable).write(
    frameHeader({ modelPath, rows: 1, width: 2, timeoutMs: 60_000, memoryLimitBytes: 400e6, load: short }),
  );
  (child.stdin as Writable).write(Buffer.from(Float32Array.of(1, 2).buffer));
  const [told, [, killedBy]] = await Promise.all([
    buffer(child.stdio[3] as Readable),
    once(child, 'close') as Promise<unknown[]>,
  ]);
  expect(told.toString()).toMatch(
    '"code":"over-limit","message":"the model process was ended at its limit of 400000000 bytes of memory"',
  );
  expect(killedBy).toBe('SIGKILL');
});
