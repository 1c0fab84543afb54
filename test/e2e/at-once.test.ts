import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideSignal, decideUpdate, progressQuery, recordChangedSignal } from '../../workflows/messages.js';
import { clientOf, signFor } from '../support/decisions.js';
import { GATE_PEOPLE, registerExample, soundWith, stage, stageOf, untilStage } from '../support/promotion.js';
import { down, eventually, MODEL, root, up, type RunningStack } from '../support/stack.js';

const workflowBundle = { codePath: join(root, 'dist', 'workflow-bundle.js') };

let stack: RunningStack;
let client: Client;
let close: () => Promise<void>;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
  stack = await up();
  await registerExample(stack);
  ({ client, close } = await clientOf(stack));
});
afterAll(async () => {
  await close();
  await down(stack);
});

const run = (id: string) => client.workflow.getHandle(`promotion/${id}`);
const envelopes = (id: string) => Promise.all(GATE_PEOPLE.map(([gate, email]) => signFor(stack, client, id, { gate, email })));
const replay = async (id: string) => Worker.runReplayHistory({ workflowBundle }, await run(id).fetchHistory());

/** A version in staging whose soak is over, so that the last approval is all it waits for. */
async function ready(version: string): Promise<string> {
  const id = await stage(stack, version);
  await stack.json(0, 'clock', 'advance', '7d');
  await eventually(async () => (await run(id).query(progressQuery))?.waitingFor.length === 4);
  return id;
}

describe('decisions that arrive at the same moment leave a history that replays', { timeout: 120_000 }, () => {
  it('four updates at once', async () => {
    const id = await ready('1.2.0');
    const answers = await Promise.all(
      (await envelopes(id)).map((envelope) => run(id).executeUpdate(decideUpdate, { args: [{ envelope }] })),
    );
    expect(answers.map(({ accepted }) => accepted)).toEqual([true, true, true, true]);
    await untilStage(stack, '1.2.0', 'production');
    await replay(id);
  });

  it('four signals at once, nudges between them', async () => {
    const id = await ready('1.4.0');
    const sent = (await envelopes(id)).flatMap((envelope) => [
      run(id).signal(decideSignal, { envelope }),
      run(id).signal(recordChangedSignal),
    ]);
    await Promise.all(sent);
    await untilStage(stack, '1.4.0', 'production');
    await replay(id);
    await replay(`${MODEL}/1.2.0/1`);
  });

  it('the same four by update and signal at once, and a rejection among them', async () => {
    const id = await ready('1.5.0');
    let last: string | undefined;
    const signed = await envelopes(id);
    const rejection = await signFor(stack, client, id, {
      gate: 'security',
      email: 'simon.security@duetmind.example',
      decision: 'reject',
    });
    await Promise.allSettled([
      ...signed.map((envelope) => run(id).executeUpdate(decideUpdate, { args: [{ envelope }] })),
      ...signed.map((envelope) => run(id).signal(decideSignal, { envelope })),
      run(id).signal(decideSignal, { envelope: rejection }),
    ]);
    const end = await eventually(
      async () => ['rejected', 'production'].find((each) => each === last) ?? ((last = await stageOf(stack, '1.5.0')), undefined),
    );
    await replay(id);
    await soundWith(stack, end === 'production' ? '1.5.0' : '1.4.0');
  });
});
