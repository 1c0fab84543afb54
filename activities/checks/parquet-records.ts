import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, type Options } from 'csv-parse';
import { entry } from '../../platform/entry.js';
import { ALLOWANCE, childOptions, failureOf, TIMEOUT_MS, type DataProcessOptions, type DataTask } from './data-child.js';
import type { LinesRequest } from './data/labelled-lines.js';

/** How a labelled Parquet file is read: as what CSV, by which process, until when. */
export interface ParquetReading extends DataProcessOptions {
  readonly csv: Options;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The records of a labelled Parquet file, header first, as a CSV file would give them. A data process reads the file, no faster
 * than records are taken, and is ended with the last one taken. Throws an Error when it did not read to the end.
 */
export async function* parquetRecords(
  request: LinesRequest,
  { csv, signal, timeoutMs = TIMEOUT_MS, allowance, process: started = entry('data-process') }: ParquetReading,
): AsyncGenerator<string[]> {
  signal?.throwIfAborted();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-data-'));
  const child = spawn(started.command, started.args, { ...childOptions(directory, timeoutMs), signal });
  const parser = parse(csv);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_000)));
  const closed = new Promise<void>((resolve, reject) => {
    child.once('close', (code, by) => {
      if (code === 0) resolve();
      else reject(failureOf({ killed: child.killed, code: code ?? undefined, signal: by ?? undefined }, stderr, timeoutMs));
    });
    child.once('error', reject);
  });
  // Awaited where its reason is the one to tell.
  closed.catch(() => undefined);
  // Not started, or cancelled: no end of the output may come.
  child.once('error', (problem) => parser.destroy(problem));
  // A process that ends early breaks this pipe; how it ended says why.
  child.stdin.on('error', () => undefined);
  const task: DataTask = { kind: 'lines', request, allowance: { ...ALLOWANCE, ...allowance } };
  // Left open: the process ends itself when it closes, which is what it sees of a worker that is gone.
  child.stdin.write(`${JSON.stringify(task)}\n`);
  try {
    yield* child.stdout.pipe(parser) as AsyncIterable<string[]>;
    await closed;
  } catch (problem) {
    signal?.throwIfAborted();
    // A last line that is cut off is no fault of the file.
    if (child.stdout.readableEnded) await closed;
    throw problem;
  } finally {
    child.stdout.destroy();
    child.kill('SIGKILL');
    await closed.catch(() => undefined);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
