import { spawn } from 'node:child_process';
import { stackEnvironment } from '../../platform/config.js';
import { entry } from '../../platform/entry.js';

/** What came of one second of traffic, as far as the story tells of it. */
interface Second {
  readonly answered: number;
  readonly failed: number;
  readonly versions: readonly string[];
}

/** Traffic against the demo's serving endpoint, in a process of its own. */
export interface DemoTraffic {
  /** As it would be typed. */
  readonly command: string;
  /** The last second in words; undefined before the first. */
  lastSecond(): string | undefined;
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Sends predictions and their labels to the endpoint of a data directory's stack until it is stopped or `signal` aborts. */
export function startTraffic(
  dataDir: string,
  { model, rate, signal }: { readonly model: string; readonly rate: number; readonly signal: AbortSignal },
): DemoTraffic {
  const words = ['--model-name', model, '--rate', String(rate)];
  const { command, args } = entry('traffic');
  const env = stackEnvironment({ GATEHOUSE_DATA_DIR: dataDir });
  const child = spawn(command, [...args, ...words, '--json'], { env, signal, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  child.once('error', () => undefined);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed = `${printed}${text}`.slice(-KEPT)));
  return {
    command: `npm run traffic -- ${words.join(' ')}`,
    lastSecond() {
      const line = printed.split('\n').at(-2);
      return line?.startsWith('{') ? said(JSON.parse(line) as Second) : undefined;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

const KEPT = 4_096;

function said({ answered, failed, versions }: Second): string {
  return `in the last second ${answered} answered${versions.length > 0 ? ` by ${versions.join(' and ')}` : ''}, ${failed} failed`;
}
