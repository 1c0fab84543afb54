import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { MODEL, type RunningStack } from './stack.js';

/** A policy for the example under which what happens in weeks happens in seconds. */
export const WATCHED_EVERY_SECOND = `model: ${MODEL}
soak: { min: 1s, max: 10m, remind_before: [1m] }
watch: { every: 1s, window: 10s, min_samples: 20, min_labels: 100 }
`;

/** The newest production change of the example, and what was seen of the version since. */
export interface InProduction {
  readonly key: string;
  readonly version: string | null;
  readonly windows: number;
}

/** What is in production by the record, by its newest change. */
export async function inProduction(reader: pg.Pool): Promise<InProduction> {
  const { rows } = await reader.query<InProduction>(
    `SELECT c.key, c.to_version AS version, (SELECT count(*)::int FROM performance_window WHERE change_key = c.key) AS windows
       FROM production_change c JOIN model_registry m ON m.id = c.model_id WHERE m.name = $1 ORDER BY c.seq DESC LIMIT 1`,
    [MODEL],
  );
  if (!rows[0]) throw new Error('nothing was ever in production');
  return rows[0];
}

/** One event that the stack's peer for PagerDuty has taken. */
export interface PageTaken {
  readonly at: string;
  readonly event_action: string;
  readonly dedup_key: string;
}

/** What a file of a sink holds, one object a line; nothing where there is no file yet. */
export function takenBy<T>(path: string | undefined): T[] {
  if (path === undefined) throw new Error('this stack has no such sink');
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The process of one part of a stack. */
export function pidOf(stack: RunningStack, part: 'worker' | 'watchdog' | 'serving'): number {
  return (JSON.parse(readFileSync(join(stack.dir, 'run', `${part}.json`), 'utf8')) as { pid: number }).pid;
}

/** The version that the serving side of a stack is pointed to. */
export function pointedTo({ connection }: RunningStack): string | null {
  const file = join(connection.sinks.serving ?? '', `${MODEL}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string | null }).version;
}

/** Has a version of the example misbehave, at the stack's serving endpoint. */
export async function switchFault({ connection }: RunningStack, version: string, fault: object): Promise<void> {
  const answer = await fetch(`${connection.serving?.url}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, version, ...fault }),
  });
  if (!answer.ok) throw new Error(`no fault: ${answer.status} ${await answer.text()}`);
}
