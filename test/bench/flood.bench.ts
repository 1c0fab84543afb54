import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flood, junkSignal, junkUpdate, SIGNALS, type Flooded } from '../support/flood.js';
import { signFor } from '../support/decisions.js';
import { decide, GATE_PEOPLE, registerExample, stage } from '../support/promotion.js';
import { down, MODEL, up, type RunningStack } from '../support/stack.js';
import { say } from './figures.js';

const SIGNALS_SENT = Number(process.env['FLOOD_SIGNALS'] ?? 20_000);
const UPDATES_SENT = Number(process.env['FLOOD_UPDATES'] ?? 10_000);
const CLIENTS = 8;

let stack: RunningStack;
beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
  await stage(stack, '1.2.0');
});
afterAll(() => down(stack));

/** A figure of the worker's process, in megabytes (Linux). */
function workerMb(name: 'VmRSS' | 'VmHWM'): number {
  const { pid } = JSON.parse(readFileSync(join(stack.dir, 'run', 'worker.json'), 'utf8')) as { pid: number };
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function told({ sent, turnedAway, tookMs }: Flooded): string {
  return `${(tookMs / 1000).toFixed(0)} s, ${sent} taken, turned away: ${JSON.stringify(turnedAway)}`;
}

it(`four approvals after ${SIGNALS_SENT} junk signals and ${UPDATES_SENT} junk updates`, async () => {
  const workflowId = `promotion/${MODEL}/1.2.0/1`;
  // A page of history holds whatever was flushed at once, which may be more than gRPC's usual limit.
  const channelArgs = { 'grpc.max_receive_message_length': -1 };
  const connection = await Connection.connect({ address: stack.connection.temporal.address, channelArgs });
  const client = new Client({ connection });
  const [gate, email] = GATE_PEOPLE[0];
  const real = await signFor(stack, client, `${MODEL}/1.2.0/1`, { gate, email });
  const before = workerMb('VmRSS');
  const kinds = (process.env['FLOOD_KINDS']?.split(',') ?? SIGNALS) as typeof SIGNALS;
  const [updates, signals] = await Promise.all([
    flood(stack, { count: UPDATES_SENT, clients: CLIENTS, send: junkUpdate(workflowId, real) }),
    flood(stack, { count: SIGNALS_SENT, clients: CLIENTS, send: junkSignal(workflowId, real, kinds) }),
  ]);
  say('junk updates', told(updates));
  say('junk signals', told(signals));
  for (const [named, person] of GATE_PEOPLE) {
    const started = performance.now();
    const said = await stack.json<{ delivery: string }>(0, ...decide('approve', '1.2.0', named, person), '--timeout', '5m');
    say(`approval ${named} after the flood`, `${(performance.now() - started).toFixed(0)} ms by ${said.delivery}`);
  }
  const after = workerMb('VmRSS');
  say('worker memory before, after, most', `${before.toFixed(0)} MB, ${after.toFixed(0)} MB, ${workerMb('VmHWM').toFixed(0)} MB`);
  const { historyLength, historySize, runId } = await client.workflow.getHandle(workflowId).describe();
  say('its run now', `${historyLength} events, ${historySize} bytes, ${runId}`);
  let runs = 0;
  for await (const { runId: each, status } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { events } = await client.workflow.getHandle(workflowId, each).fetchHistory();
    const failed = (events ?? []).filter(({ workflowTaskFailedEventAttributes: failure }) => failure);
    const causes: Record<string, number> = {};
    for (const { workflowTaskFailedEventAttributes: failure } of failed) {
      const cause = `cause ${failure?.cause}`;
      causes[cause] = (causes[cause] ?? 0) + 1;
    }
    const tasks = (events ?? []).filter(({ workflowTaskCompletedEventAttributes: task }) => task).length;
    const signalled = (events ?? []).filter(({ workflowExecutionSignaledEventAttributes: signal }) => signal).length;
    say(
      `a run of it, ${status.name}`,
      `${events?.length} events, ${signalled} signals, ${tasks} tasks, failed ${JSON.stringify(causes)}`,
    );
    runs += 1;
  }
  expect(runs).toBeGreaterThan(0);
  await connection.close();
});
