import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { frameHeader } from '../../activities/checks/model-protocol.js';
import { ModelRefused } from '../../activities/checks/model-refused.js';
import { createModelRunner, type ModelRunnerOptions } from '../../activities/checks/model-runner.js';
import type { Load } from '../../activities/ports.js';
import { entry } from '../../platform/entry.js';
import { rows, short } from './loads.js';
import { endless, huge, oneColumn, writeModel } from './tiny-onnx.js';

const script = (code: string) => ({ command: process.execPath, args: ['-e', code] });
/** A stand-in for the model process that behaves, once its runtime is there, as no ONNX model does. */
const started = (code: string) =>
  script(`require('fs').writeSync(3, Buffer.from('${frameHeader({ started: true }).toString('base64')}', 'base64')); ${code}`);

const tried = (options: ModelRunnerOptions, path = '', load: Partial<Load> = {}, signal?: AbortSignal) =>
  createModelRunner(options)
    .load(path, rows(2, 1, 2), { ...short, ...load }, signal)
    .catch((problem: unknown) => problem);

describe('a model that runs away is refused, naming the limit', () => {
  const refused = async (options: ModelRunnerOptions, path?: string, load?: Partial<Load>) => {
    const problem = await tried(options, path, load);
    expect(problem).toBeInstanceOf(ModelRefused);
    const { code, message } = problem as ModelRefused;
    return `${code}: ${message}`;
  };
  const inTime = 'over-limit: the model process was ended at its limit of 5000 ms';

  test('it never answers, and spins while it does not', async () => {
    expect(await refused({ timeoutMs: 13_000 }, await writeModel(endless()))).toBe(
      'over-limit: the model process was ended at its limit of 15000 ms',
    );
  });

  test.each([
    ['sleeps', 'setTimeout(() => {}, 1e6)'],
    ['spins', 'for (;;);'],
    ['prints for ever, where nobody reads', 'for (;;) require("fs").writeSync(1, "x".repeat(1e6))'],
  ])('a process that %s', async (_, code) => {
    expect(await refused({ process: started(code), timeoutMs: 3_000 })).toBe(inTime);
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
      'over-limit: the model process was ended at its limit of 800 bytes to answer',
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

describe('a load that could not be tried is an error, not a verdict about the model', () => {
  const failed = async (...asked: Parameters<typeof tried>) => {
    const problem = await tried(...asked);
    expect(problem).toBeInstanceOf(Error);
    expect(problem).not.toBeInstanceOf(ModelRefused);
    return (problem as Error).message;
  };

  test('no such program, no such file, no rows', async () => {
    expect(await failed({ process: { command: '/nowhere/node', args: [] } })).toMatch('the model process could not be started');
    expect(await failed({}, '/nowhere/model.onnx')).toBe('the model file cannot be read: ENOENT');
    await expect(createModelRunner().load('', rows(2), short)).rejects.toThrow('without rows');
  });

  test('a process that ends or hangs before its runtime is there', async () => {
    expect(await failed({ process: script('process.exit(1)') })).toMatch('the model process ended with code 1 without an answer');
    expect(await failed({ process: script('setTimeout(() => {}, 1e6)'), timeoutMs: 1_000 })).toBe(
      'the model process was not ready within 3000 ms',
    );
  });

  test('a process that somebody else ends', async () => {
    expect(await failed({ process: started('process.kill(process.pid, "SIGKILL")') })).toMatch('was killed by SIGKILL');
  });

  test('work that is cancelled, before and while it runs', async () => {
    const cancelled = new AbortController();
    setTimeout(() => cancelled.abort(new Error('the worker is shutting down')), 1_500);
    const path = await writeModel(endless());
    expect(await failed({}, path, {}, cancelled.signal)).toBe('the worker is shutting down');
    expect(await failed({}, path, {}, cancelled.signal)).toBe('the worker is shutting down');
  });
});

test('the model process ends itself at its memory limit, also when nobody else looks', async () => {
  const { command, args } = entry('model-process');
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore', 'pipe'] });
  const modelPath = await writeModel(huge(300_000_000));
  const load = { ...short, memoryLimitBytes: 400e6 };
  (child.stdin as Writable).write(frameHeader({ modelPath, rows: 1, width: 2, timeoutMs: 60_000, load }));
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
