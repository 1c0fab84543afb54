import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { DataTask } from './duckdb-profiler.js';
import { profile } from './data/profile.js';

const lines = createInterface({ input: process.stdin });
// The worker holds this open until it has its answer: when it ends, nobody waits for one, nor clears up.
lines.once('close', () => {
  rmSync(process.cwd(), { recursive: true, force: true, maxRetries: 3 });
  process.exit(1);
});
lines.once('line', (line) => void answer(JSON.parse(line) as DataTask));

async function answer({ request, allowance }: DataTask): Promise<void> {
  try {
    const found = await profile(request, process.cwd(), allowance);
    process.stdout.write(JSON.stringify(found), () => process.exit(0));
  } catch (problem) {
    const message = problem instanceof Error ? problem.message : String(problem);
    process.stderr.write(message.slice(0, 2_000), () => process.exit(1));
  }
}
