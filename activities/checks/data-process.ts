import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { DataTask } from './data-child.js';
import { distribution } from './data/distribution.js';
import { labelledLines } from './data/labelled-lines.js';
import { profile } from './data/profile.js';

const lines = createInterface({ input: process.stdin });
// The worker holds these open until it has its answer: when one ends, nobody waits for one, nor clears up.
lines.once('close', leave);
process.stdout.once('error', leave);
lines.once('line', (line) => void answer(JSON.parse(line) as DataTask));

function leave(): void {
  rmSync(process.cwd(), { recursive: true, force: true, maxRetries: 3 });
  process.exit(1);
}

async function answer(task: DataTask): Promise<void> {
  try {
    for await (const part of answered(task)) if (!process.stdout.write(part)) await once(process.stdout, 'drain');
    process.stdout.write('', () => process.exit(0));
  } catch (problem) {
    const message = problem instanceof Error ? problem.message : String(problem);
    process.stderr.write(message.slice(0, 2_000), () => process.exit(1));
  }
}

async function* answered(task: DataTask): AsyncGenerator<string> {
  const directory = process.cwd();
  if (task.kind === 'lines') yield* labelledLines(task.request, directory, task.allowance);
  else if (task.kind === 'distribution') yield JSON.stringify(await distribution(task.request, directory, task.allowance));
  else yield JSON.stringify(await profile(task.request, directory, task.allowance));
}
