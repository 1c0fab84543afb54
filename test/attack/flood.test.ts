import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideSignal, progressQuery } from '../../workflows/messages.js';
import { clientOf, signFor } from '../support/decisions.js';
import { flood, junkSignal, junkUpdate } from '../support/flood.js';
import { decide, GATE_PEOPLE, PEOPLE, registerExample, soundWith, stage, status, untilStage } from '../support/promotion.js';
import { down, eventually, MODEL, up, type RunningStack } from '../support/stack.js';

const id = `${MODEL}/1.2.0/1`;
const workflowId = `promotion/${id}`;
const [data, devops, business, security] = GATE_PEOPLE;

let stack: RunningStack;
let client: Client;
let close: () => Promise<void>;
let worker: number;

function workerPid(): number {
  return (JSON.parse(readFileSync(join(stack.dir, 'run', 'worker.json'), 'utf8')) as { pid: number }).pid;
}

async function approved(): Promise<string[]> {
  const { versions } = await status(stack);
  const gates = versions.find(({ version }) => version === '1.2.0')?.promotion?.gates ?? [];
  return gates.filter(({ state }) => state === 'approved').map(({ gate }) => gate);
}

/** Approves, and waits for that to count, however late the answer is. */
async function approve([gate, person]: (typeof GATE_PEOPLE)[number]): Promise<void> {
  await stack.cli(...decide('approve', '1.2.0', gate, person));
  await eventually(async () => (await approved()).includes(gate) || undefined, 60_000);
}

beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
  await stage(stack, '1.2.0');
  ({ client, close } = await clientOf(stack));
  worker = workerPid();
});
afterAll(async () => {
  await close();
  await down(stack);
});

describe('R27: floods do not block people', { timeout: 300_000 }, () => {
  it('an approval left as a signal in the middle of a flood counts, and so does one that is sent after it', async () => {
    const envelope = await signFor(stack, client, id, { email: data[1], gate: data[0] });
    const junk = junkSignal(workflowId, envelope, ['forged', 'unreadable', 'nudge', 'unknown name']);
    const run = client.workflow.getHandle(workflowId);
    const send = (each: Client, at: number) => (at === 320 ? run.signal(decideSignal, { envelope }) : junk(each, at));
    const { sent } = await flood(stack, { count: 640, clients: 4, send });
    expect(sent).toBe(640);
    await approve(devops);
    await eventually(async () => (await approved()).includes(data[0]) || undefined, 90_000);
  });

  it('what cannot be read is counted where an operator looks', async () => {
    // 160 that cannot be read and 160 of an unknown name; a run that is continued takes the count along.
    const shown = await eventually(async () => {
      const progress = await client.workflow.getHandle(workflowId).query(progressQuery);
      return progress && progress.ignored === 320 && progress;
    }, 60_000);
    expect(shown).toMatchObject({ promotionId: id, ignored: 320 });
  });

  it('junk updates, of which those that can be read are judged', async () => {
    const envelope = await signFor(stack, client, id, { email: business[1], gate: business[0] });
    const { turnedAway } = await flood(stack, { count: 300, clients: 4, send: junkUpdate(workflowId, envelope) });
    const unreadable = Object.entries(turnedAway).find(([why]) => why.includes('three base64url parts'));
    expect(unreadable?.[1]).toBe(150);
    await approve(business);
  });

  it('a flood while no worker is there', async () => {
    const envelope = await signFor(stack, client, id, { email: security[1], gate: security[0] });
    process.kill(worker, 'SIGSTOP');
    await flood(stack, { count: 400, clients: 4, send: junkSignal(workflowId, envelope) });
    const ran = await stack.cli(...decide('approve', '1.2.0', 'security', PEOPLE.security), '--timeout', '2s', '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ accepted: null, delivery: 'signal' });
    process.kill(worker, 'SIGCONT');
    await eventually(async () => (await approved()).includes(security[0]) || undefined, 90_000);
  });

  it('history was bounded, no workflow task failed for good, and the worker is the same', async () => {
    const runs: { status: string; events: number }[] = [];
    for await (const { runId, status: ended } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
      const { historyLength } = await client.workflow.getHandle(workflowId, runId).describe();
      runs.push({ status: ended.name, events: historyLength });
    }
    expect(runs.map(({ status: ended }) => ended).sort()).toEqual([...runs.slice(1).map(() => 'CONTINUED_AS_NEW'), 'RUNNING']);
    expect(runs.length).toBeGreaterThan(1);
    expect(Math.max(...runs.map(({ events }) => events))).toBeLessThan(3_000);
    expect(workerPid()).toBe(worker);
  });

  it('of all the refusals twenty are kept, and the attempt goes on into production', async () => {
    const { events } = await stack.json<{ events: { action: string; subject: string }[] }>(0, 'audit', 'list', '--limit', '1000');
    expect(events.filter(({ action, subject }) => action === 'act.refused' && subject === id)).toHaveLength(20);
    await stack.json(0, 'clock', 'advance', '7d');
    await untilStage(stack, '1.2.0', 'production', 90_000);
    await soundWith(stack, '1.2.0');
  });
});
