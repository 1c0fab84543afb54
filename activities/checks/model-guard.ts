import { Worker } from 'node:worker_threads';
import { ANSWER_FD, frameHeader } from './model-protocol.js';
import { memoryText, overLimit } from './model-refused.js';
import { peakMemory } from './process-memory.js';

/** How long after its time is up the process ends itself; the worker, if it lives, has ended it by then. */
const GRACE_MS = 5_000;
const LOOK_EVERY_MS = 20;

const LARGEST_KB = 0;
const ANSWERING = 1;

/** Watches over the process that runs a model. */
export interface Guard {
  /** The most memory the process has used, in bytes: the kernel's mark, or off Linux the largest sample of its resident set. */
  peakMemory(): Promise<number>;
  /** Called before answering: from then on memory is no reason to end the process. Never returns where it has been one. */
  stand(): Promise<void>;
}

/**
 * Ends this process when its time is up, and with a refusal when it has more memory than it may. The runtime holds the main
 * thread while it computes, so this is another one.
 */
export function guard(timeoutMs: number, memoryLimitBytes: number): Guard {
  const seen = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const { code: refused, message } = overLimit(memoryText(memoryLimitBytes));
  const refusal = frameHeader({ ok: false, code: refused, message });
  const code = `
    const { workerData: { seen, limitBytes, refusal } } = require('node:worker_threads');
    const end = () => process.kill(process.pid, 'SIGKILL');
    setTimeout(end, ${timeoutMs + GRACE_MS});
    setInterval(() => {
      const bytes = process.memoryUsage.rss();
      Atomics.store(seen, ${LARGEST_KB}, Math.max(Atomics.load(seen, ${LARGEST_KB}), Math.ceil(bytes / 1024)));
      if (bytes <= limitBytes || Atomics.exchange(seen, ${ANSWERING}, 1) === 1) return;
      require('node:fs').writeSync(${ANSWER_FD}, refusal);
      end();
    }, ${LOOK_EVERY_MS});`;
  new Worker(code, { eval: true, execArgv: [], workerData: { seen, limitBytes: memoryLimitBytes, refusal } }).unref();
  return {
    async peakMemory() {
      const sampled = Math.max(process.memoryUsage.rss(), Atomics.load(seen, LARGEST_KB) * 1024);
      return (await peakMemory('self')) ?? sampled;
    },
    async stand() {
      if (Atomics.exchange(seen, ANSWERING, 1) === 1) await new Promise(() => undefined);
    },
  };
}
