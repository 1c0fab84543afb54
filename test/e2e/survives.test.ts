import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approveAll, decide, GATE_PEOPLE, registerExample, soundWith, stage, status, untilStage } from '../support/promotion.js';
import { down, eventually, up, type RunningStack } from '../support/stack.js';

let stack: RunningStack;
beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
});
afterAll(() => down(stack));

function workerPid(): number {
  return (JSON.parse(readFileSync(join(stack.dir, 'run', 'worker.json'), 'utf8')) as { pid: number }).pid;
}

/** Kills the worker as a power cut would, as soon as there is one; the stack starts another. */
async function killWorker(): Promise<void> {
  await eventually(() => {
    try {
      return Promise.resolve(process.kill(workerPid(), 'SIGKILL'));
    } catch {
      return Promise.resolve(undefined);
    }
  });
}

interface Audit {
  events: { seq: number; action: string; subject: string; detail: Record<string, unknown> }[];
}

describe('what a killed worker leaves', { timeout: 180_000 }, () => {
  it('a version in mid-soak goes on, and a decision sent while nobody works is judged later, cancelled run or not', async () => {
    await stage(stack, '1.2.0');
    const worker = workerPid();
    // Stopped, not killed: nobody works, and the stack does not start another.
    process.kill(worker, 'SIGSTOP');
    const [gate, person] = GATE_PEOPLE[0];
    const ran = await stack.cli(...decide('approve', '1.2.0', gate, person), '--timeout', '2s', '--json');
    expect(ran.code).toBe(6);
    expect(JSON.parse(ran.stdout)).toMatchObject({ accepted: null, delivery: 'signal' });
    const run = 'promotion/alzheimer_classifier/1.2.0/1';
    expect((await stack.temporal('workflow', 'cancel', '-w', run)).code).toBe(0);
    process.kill(worker, 'SIGKILL');
    await eventually(
      async () => (await status(stack)).versions[0]?.promotion?.gates.some(({ state }) => state === 'approved') || undefined,
      60_000,
    );
    await soundWith(stack, null);
  });

  it('all Temporal histories deleted in mid-soak: nothing is decided differently', async () => {
    const before = await status(stack);
    const { stdout } = await stack.temporal('workflow', 'list', '-o', 'json', '--limit', '500');
    const runs = JSON.parse(stdout) as { execution: { workflowId: string; runId: string } }[];
    expect(runs.length).toBeGreaterThan(5);
    for (const { execution } of runs)
      await stack.temporal('workflow', 'delete', '-w', execution.workflowId, '-r', execution.runId, '--yes');
    await killWorker();
    await eventually(async () => {
      const { events } = await stack.json<Audit>(0, 'audit', 'list');
      return events.some(({ action }) => action === 'run.replaced') || undefined;
    }, 90_000);
    const after = await status(stack);
    const decided = (of: typeof before) => of.versions.map(({ stage: at, promotion }) => [at, promotion?.id, promotion?.gates]);
    expect(decided(after)).toEqual(decided(before));
    await soundWith(stack, null);
  });

  it('killed again and again around the production change, it happens once', async () => {
    for (const [gate, person] of GATE_PEOPLE.slice(1)) await stack.json(0, ...decide('approve', '1.2.0', gate, person));
    const advanced = stack.cli('clock', 'advance', '7d');
    for (let kill = 0; kill < 4; kill += 1) {
      await pause(150 + kill * 250);
      await killWorker();
    }
    await advanced;
    await untilStage(stack, '1.2.0', 'production', 120_000);
    const { events } = await stack.json<Audit>(0, 'audit', 'list');
    expect(events.filter(({ action }) => action === 'production.changed')).toHaveLength(1);
    expect(events.filter(({ action, detail }) => action === 'stage.changed' && detail['to'] === 'staging')).toHaveLength(1);
    await soundWith(stack, '1.2.0');
  });
});

describe('two versions racing for production', () => {
  it('one wins, the other is compared with the winner and follows, because a tie passes', async () => {
    const ids = [await stage(stack, '1.4.0'), await stage(stack, '1.5.0')];
    const others = ['dimitri.datascience', 'omar.devops', 'boris.business', 'simon.security'].map(
      (name) => `${name}@duetmind.example`,
    );
    await approveAll(stack, '1.4.0');
    for (const [index, [gate]] of GATE_PEOPLE.entries())
      await stack.json(0, ...decide('approve', '1.5.0', gate, others[index] ?? ''));
    await stack.json(0, 'clock', 'advance', '7d');
    await eventually(async () => {
      const { versions } = await status(stack);
      const stages = versions.filter(({ version }) => ['1.4.0', '1.5.0'].includes(version)).map(({ stage: at }) => at);
      return stages.sort().join() === 'archived,production' || undefined;
    }, 60_000);
    const { events } = await stack.json<Audit>(0, 'audit', 'list');
    const changes = events.filter(({ action, subject }) => action === 'production.changed' && ids.includes(subject));
    expect(changes).toHaveLength(2);
    const [first, second] = changes;
    expect(first?.detail['from']).toBe('1.2.0');
    expect(second?.detail['from']).toBe(first?.detail['to']);
    await soundWith(stack, String(second?.detail['to']));
  });
});
