import { Readable } from 'node:stream';
import type { LoadMeasured } from '../ports.js';
import { PRINT_LIMIT_BYTES, type Ended } from './model-conversation.js';
import { byteTaker, takeHeader, type LoadAnswer, type ModelRequest, type ModelStarted } from './model-protocol.js';
import { memoryText, ModelRefused, overLimit } from './model-refused.js';

/** Signals by which somebody else ends a process, or the kernel when the machine is out of memory: they say nothing of the model. */
const FROM_OUTSIDE: readonly (NodeJS.Signals | null)[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];
const WORDS_KEPT = 300;

interface Asked {
  readonly asked: number;
  readonly request: ModelRequest;
  readonly answerLimitBytes: number;
}

/** What a model process measured; throws `ModelRefused` when the model is why there is nothing, another Error when it was not tried. */
export async function readLoad(ended: Ended, { asked, request, answerLimitBytes }: Asked): Promise<LoadMeasured> {
  const { answer, limit, killedBy } = ended;
  if (limit === 'memory') throw overLimit(memoryText(request.load?.memoryLimitBytes ?? 0));
  if (limit === 'answer') throw overLimit(`${answerLimitBytes} bytes to answer`);
  if (limit === 'print') throw overLimit(`${PRINT_LIMIT_BYTES} bytes to print`);
  const take = byteTaker(Readable.from([answer]));
  const first = await takeHeader<ModelStarted | LoadAnswer>(take).catch(() => undefined);
  const words = `the model process ${printable(ended.words)}`;
  if (limit === 'time') {
    if (first && 'started' in first) throw overLimit(`${request.timeoutMs} ms`);
    throw new Error(`the model process was not ready within ${request.timeoutMs} ms`);
  }
  if (first === undefined) throw new Error(words);
  const header = 'started' in first ? await takeHeader<LoadAnswer>(take).catch(() => undefined) : first;
  if (header && !header.ok)
    throw header.code === 'not-tried' ? new Error(header.message) : new ModelRefused(header.code, header.message);
  const body = header && (await take(answerLimitBytes).catch(() => undefined));
  if (!body) throw FROM_OUTSIDE.includes(killedBy) ? new Error(words) : new ModelRefused('crashed', words);
  const { answered, peakMemoryBytes, cpuMs, wallMs } = header;
  const series = (at: number) =>
    new Float64Array(body.buffer, body.byteOffset + at * asked * Float64Array.BYTES_PER_ELEMENT, asked);
  return { latenciesMs: series(0), undisturbedMs: series(1), answered, peakMemoryBytes, cpuMs, wallMs };
}

/** What a model makes its process write goes into a finding that people sign. */
function printable(words: string): string {
  return words.replace(/[^\x20-\x7e]+/g, ' ').slice(0, WORDS_KEPT);
}
