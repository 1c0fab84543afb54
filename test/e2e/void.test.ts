import { appendFileSync, chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decide, PEOPLE, registerExample, soundWith, stage, status, untilStage } from '../support/promotion.js';
import { down, EXAMPLE, up, type RunningStack } from '../support/stack.js';

let stack: RunningStack;
beforeAll(async () => {
  stack = await up();
  await registerExample(stack, 'policy-relaxed.yaml');
}, 120_000);
afterAll(() => down(stack));

/** The stored file of a version's model. */
function modelOf(version: string): string {
  const yaml = readFileSync(join(EXAMPLE, 'packages', version, 'model.yaml'), 'utf8');
  const digest = /path: model\.onnx[^}]*?sha256: ([0-9a-f]{64})/s.exec(yaml)?.[1] ?? '';
  return join(stack.connection.store, 'sha256', digest.slice(0, 2), digest);
}

describe('promises R14, from outside', { timeout: 120_000 }, () => {
  it('a model that changes after two approvals voids them, its people are told, and its new round rejects it by name', async () => {
    const id = await stage(stack, '1.2.0');
    await stack.json(0, ...decide('approve', '1.2.0', 'devops', PEOPLE.devops));
    await stack.json(0, ...decide('approve', '1.2.0', 'security', PEOPLE.security));
    chmodSync(modelOf('1.2.0'), 0o644);
    appendFileSync(modelOf('1.2.0'), 'x');
    await untilStage(stack, '1.2.0', 'rejected', 60_000);

    const { versions } = await status(stack);
    const gates = versions[0]?.promotion?.gates ?? [];
    expect(gates.map(({ gate, state }) => `${gate} ${state}`)).toEqual([
      'data-science open',
      'devops void',
      'business open',
      'security void',
    ]);
    expect(gates[1]).toMatchObject({
      by: PEOPLE.devops,
      why: expect.stringMatching(/^artifact changed: model\.onnx has /) as string,
    });
    const { events } = await stack.json<{ events: { action: string; subject: string; detail: object }[] }>(0, 'audit', 'list');
    const opened = events.filter(({ action }) => action === 'round.opened');
    expect(opened).toMatchObject([{ subject: id, detail: { from: 1, to: 2, reason: 'artifact changed' } }]);
    const shown = await stack.cli('check', '--model-name', 'alzheimer_classifier', '--version', '1.2.0');
    expect(shown.stdout.replace(/\s+/g, ' ')).toContain('void: approved by');
    const notices = readFileSync(join(stack.dir, 'notices.jsonl'), 'utf8').trim().split('\n');
    const told = notices.map((line) => JSON.parse(line) as { kind: string; audience: string[] });
    expect(told.filter(({ kind }) => kind === 'approval-void').map(({ audience }) => audience)).toEqual(
      expect.arrayContaining([
        ['devops', PEOPLE.devops, PEOPLE.mlops],
        ['security', PEOPLE.security, PEOPLE.mlops],
      ]),
    );
    await soundWith(stack, null);
  });
});
