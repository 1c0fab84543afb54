import { createRequire } from 'node:module';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASK_QUEUE } from '../../workflows/messages.js';
import { approveAll, decide, PEOPLE, registerExample, soundWith, stage, stageOf, untilStage } from '../support/promotion.js';
import { down, eventually, MODEL, up, type RunningStack } from '../support/stack.js';

let stack: RunningStack;
let connection: NativeConnection;
const run = `promotion/${MODEL}/1.2.0/1`;

beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
  await stage(stack, '1.2.0');
  connection = await NativeConnection.connect({ address: stack.connection.temporal.address });
});
afterAll(async () => {
  await connection.close();
  await down(stack);
});

/** Every activity answers what its caller would like to hear. */
const LIES = {
  standing: () => Promise.resolve({ kind: 'change' }),
  decide: () => Promise.resolve({ answer: { accepted: true }, standing: { kind: 'change' } }),
  changeProduction: () => Promise.resolve('done'),
  pollHealth: () => Promise.resolve(),
  applyAct: () => Promise.resolve({ accepted: true, hash: '', refusal: null, result: {} }),
};

async function beside<T>(options: { workflows: boolean; lies: boolean }, work: () => Promise<T>): Promise<T> {
  const rogue = await Worker.create({
    connection,
    namespace: stack.connection.temporal.namespace,
    taskQueue: TASK_QUEUE,
    ...(options.workflows && { workflowsPath: createRequire(import.meta.url).resolve('./rogue-workflows.ts') }),
    ...(options.lies && { activities: LIES }),
  });
  return await rogue.runUntil(work);
}

describe("a rogue worker on Gatehouse's own task queue (promises R10)", () => {
  it('that answers every activity with a lie: nobody has decided, and nothing is promoted', async () => {
    await beside({ workflows: false, lies: true }, async () => {
      for (let i = 0; i < 5; i++)
        await stack.temporal('workflow', 'signal', '-w', run, '--name', 'decide', '--input', '{"envelope":"e30.e30.AAAA"}');
      await stack.cli(...decide('approve', '1.2.0', 'security', PEOPLE.business), '--timeout', '5s');
    });
    expect(await stageOf(stack, '1.2.0')).toBe('staging');
    await soundWith(stack, null);
  });

  it('that runs workflows of its own under these names: a closed run proves nothing, and is started again', async () => {
    const input = `{"promotionId":"${MODEL}/1.2.0/1"}`;
    const crafted = [
      '--task-queue',
      TASK_QUEUE,
      '--type',
      'promotion',
      '--id-conflict-policy',
      'TerminateExisting',
      '--input',
      input,
    ];
    await beside({ workflows: true, lies: true }, async () => {
      for (let i = 0; i < 3; i++) {
        await stack.temporal('workflow', 'terminate', '-w', run, '--reason', 'to be started by the other worker');
        await stack.temporal('workflow', 'start', '-w', run, ...crafted);
      }
    });
    expect(await stageOf(stack, '1.2.0')).toBe('staging');
    await soundWith(stack, null);
  });

  it('once it is gone the attempt goes its way, by the approvals of people', async () => {
    await eventually(async () => {
      const { stdout } = await stack.temporal('workflow', 'describe', '-w', run, '-o', 'json');
      return stdout.includes('WORKFLOW_EXECUTION_STATUS_RUNNING') || undefined;
    }, 60_000);
    await approveAll(stack, '1.2.0');
    await stack.json(0, 'clock', 'advance', '7d');
    await untilStage(stack, '1.2.0', 'production', 60_000);
    await soundWith(stack, '1.2.0');
  });
});
