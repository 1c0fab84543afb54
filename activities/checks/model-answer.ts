import { Readable } from 'node:stream';
import { PRINT_LIMIT_BYTES, type Ended } from './model-conversation.js';
import { byteTaker, takeHeader, type ModelAnswer, type ModelRequest, type ModelStarted } from './model-protocol.js';
import { memoryText, ModelRefused, overLimit } from './model-refused.js';

/** Signals by which somebody else ends a process, or the kernel when the machine is out of memory: they say nothing of the model. */
const FROM_OUTSIDE: readonly (NodeJS.Signals | null)[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

const WORDS_KEPT = 300;

interface Asked {
  readonly request: ModelRequest;
  /** How many bytes of numbers follow the header. */
  readonly answerLimitBytes: number;
}

/** An answer's header, and the bytes of its numbers. */
export interface Answered<Header> {
  readonly header: Header & { readonly ok: true };
  readonly body: Buffer;
}

/**
 * What a model process answered. Throws `ModelRefused` when the model is why there is nothing, which is whatever goes wrong once
 * the runtime is there, and another Error when it was not tried.
 */
export async function readAnswer<Header>(ended: Ended, { request, answerLimitBytes }: Asked): Promise<Answered<Header>> {
  const { answer, limit, killedBy } = ended;
  const words = `the model process ${printable(ended.words)}`;
  if (limit === 'memory') throw overLimit(memoryText(request.memoryLimitBytes ?? 0));
  if (limit === 'answer') throw overLimit(`${answerLimitBytes} bytes to answer`);
  if (limit === 'print') throw overLimit(`${PRINT_LIMIT_BYTES} bytes to print`);
  const take = byteTaker(Readable.from([answer]));
  const first = await takeHeader<ModelStarted | ModelAnswer<Header>>(take).catch(() => undefined);
  const isStarted = first !== undefined && 'started' in first;
  if (limit === 'time') {
    if (isStarted) throw overLimit(`${request.timeoutMs} ms`);
    throw new Error(`the model process was not ready within ${request.timeoutMs} ms`);
  }
  if (first === undefined) throw new Error(words);
  const header = isStarted ? await takeHeader<ModelAnswer<Header>>(take).catch(() => undefined) : first;
  if (header && !header.ok) {
    throw header.code === 'not-tried' ? new Error(header.message) : new ModelRefused(header.code, header.message);
  }
  const body = header && (await take(answerLimitBytes).catch(() => undefined));
  if (!body) throw isStarted && !FROM_OUTSIDE.includes(killedBy) ? new ModelRefused('crashed', words) : new Error(words);
  return { header, body };
}

/** What a model makes its process write goes into a finding that people sign; why it ended stands at the beginning or the end. */
function printable(words: string): string {
  const text = words.replace(/[^\x20-\x7e]+/g, ' ');
  return text.length > 2 * WORDS_KEPT ? `${text.slice(0, WORDS_KEPT)} ... ${text.slice(-WORDS_KEPT)}` : text;
}
