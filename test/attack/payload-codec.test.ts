import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../platform/config.js';
import { loadPayloadCodecs } from '../../platform/payload-codecs.js';
import { clientOf } from '../support/decisions.js';
import { decide, GATE_PEOPLE, registerExample, stage, untilStage } from '../support/promotion.js';
import { down, MODEL, root, up, type RunningStack } from '../support/stack.js';

const codec = join(root, 'test', 'support', 'aes-codec.mjs');
const ENVIRONMENT = { GATEHOUSE_PAYLOAD_CODEC: codec, CODEC_KEY: randomBytes(32).toString('hex') };

let stack: RunningStack;
beforeAll(async () => {
  Object.assign(process.env, ENVIRONMENT);
  stack = await up(undefined, ENVIRONMENT);
});
afterAll(async () => {
  for (const name of Object.keys(ENVIRONMENT)) delete process.env[name];
  await down(stack);
});

describe('with a payload codec, Temporal sees no payload it could read', { timeout: 300_000 }, () => {
  const workflowId = `promotion/${MODEL}/1.2.0/1`;

  it('a promotion goes all the way, past bytes that only say they are encrypted', async () => {
    await registerExample(stack);
    await stage(stack, '1.2.0');
    const [gate, person] = GATE_PEOPLE[0];
    const said = await stack.json<{ delivery: string }>(0, ...decide('approve', '1.2.0', gate, person), '--timeout', '30s');
    expect(['update', 'act']).toContain(said.delivery);
    // Bytes that say they are encrypted and are not must not stop the run.
    const { client, close } = await clientOf(stack);
    await client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId },
      signalName: 'decide',
      input: { payloads: [{ metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('nonsense') }] },
    });
    await close();
    for (const [other, by] of GATE_PEOPLE.slice(1)) await stack.json(0, ...decide('approve', '1.2.0', other, by));
    await stack.json(0, 'clock', 'advance', '7d');
    await untilStage(stack, '1.2.0', 'production', 60_000);
  });

  it('in no history', async () => {
    const { client, close } = await clientOf(stack);
    let payloads = 0;
    for await (const { workflowId: each, runId } of client.workflow.list()) {
      const history = historyToJSON(await client.workflow.getHandle(each, runId).fetchHistory());
      const text = history.replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_, data: string) => Buffer.from(data, 'base64').toString());
      expect(text, each).not.toMatch(/"(envelope|promotionId|measured|accepted|key)":/);
      payloads += text.split(Buffer.from('binary/encrypted').toString('base64')).length - 1;
    }
    await close();
    expect(payloads).toBeGreaterThan(20);
  });
});

describe('a codec that is none is a matter of configuration', () => {
  it.each([
    [join(root, 'no-such-file.mjs'), 'there is no file'],
    [join(root, '.dependency-cruiser.cjs'), 'exports no payloadCodecs'],
  ])('%s', async (path, why) => {
    const error = await loadPayloadCodecs(path).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toContain(why);
  });

  it('none at all is none', async () => {
    expect(await loadPayloadCodecs(undefined)).toEqual([]);
  });
});
