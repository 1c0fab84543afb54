import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type RunningStack } from '../support/stack.js';

/** A history without the paths of the machine it was made on. */
export function withoutPlaces(history: string): string {
  return history.replace(/"stackTrace": "(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
}

/** Keeps the history that a run has by now. */
export async function keep(stack: RunningStack, name: string, workflowId: string): Promise<void> {
  const { stdout } = await stack.temporal('workflow', 'show', '-w', workflowId, '--output', 'json');
  writeFileSync(join(import.meta.dirname, `${name}.json`), withoutPlaces(stdout));
  process.stdout.write(`${name}: ${(JSON.parse(stdout) as { events: unknown[] }).events.length} events\n`);
}

/** Waits until a run has completed. */
export async function untilDone(stack: RunningStack, workflowId: string): Promise<void> {
  await eventually(async () => (await stack.temporal('workflow', 'describe', '-w', workflowId)).stdout.includes('COMPLETED'));
}
