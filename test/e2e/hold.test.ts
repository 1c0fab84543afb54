import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heldBy, readTrustFile, verifyBundle } from '../../client/verify.js';
import { approveAll, PEOPLE, registerExample, soundWith, stage, stageOf, untilStage } from '../support/promotion.js';
import { down, eventually, EXAMPLE, MODEL, root, up, type RunningStack } from '../support/stack.js';

const REASON = 'it misses too many patients';

let stack: RunningStack;
beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
});
afterAll(() => down(stack));

const hold = (...more: string[]) => ['hold', '--model-name', MODEL, '--reason', REASON, '--approver', PEOPLE.devops, ...more];
const trust = () => readTrustFile(join(stack.dir, 'trust.json'));
const serving = () => join(stack.dir, 'serving');

describe('a hold with neither PostgreSQL nor Temporal', { timeout: 180_000 }, () => {
  it('stops serving at once, and is on the record when they come back, before the next change', async () => {
    await stage(stack, '1.2.0');
    await approveAll(stack, '1.2.0');
    await stack.stop();
    expect(existsSync(join(stack.dir, 'connection.json'))).toBe(false);
    const held = await stack.json<{ spooled: string }>(0, ...hold());
    expect(held).toMatchObject({ ok: true, state: 'held', onRecord: false });
    expect(existsSync(held.spooled)).toBe(true);
    expect(await heldBy(serving(), MODEL, trust())).toMatchObject({ model: MODEL, by: PEOPLE.devops, reason: REASON });
    const refused = await stack.cli('hold', '--reason', REASON, '--approver', PEOPLE.business);
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/has no right to a hold; given: groups business; allowed: groups mlops, devops;/) as string,
    });
    expect((await stack.cli('hold', '--reason', REASON, '--approver', 'nobody@here.example')).code).toBe(4);

    stack = await up(stack.dir);
    await eventually(async () => (await stack.cli('status')).stdout.includes(`HELD ${MODEL} since`));
    await stack.json(0, 'clock', 'advance', '7d');
    const asked = await stack.cli('check', '--model-name', MODEL, '--version', '1.2.0');
    expect(asked.stderr).toMatch(/next: gatehouse hold --lift$/m);
    expect((await stack.cli(...hold())).code).toBe(5);
    expect(await stageOf(stack, '1.2.0')).toBe('staging');
    expect(await stack.json(0, ...hold('--lift'))).toMatchObject({ ok: true, state: 'lifted', onRecord: true });
    expect(await heldBy(serving(), MODEL, trust())).toBeUndefined();
    await untilStage(stack, '1.2.0', 'production');
    await soundWith(stack, '1.2.0');
  });

  it('what is resolved verifies by itself, with a script that trusts its own file alone', async () => {
    const of = ['resolve', '--model-name', MODEL, '--stage', 'production', '--approver', PEOPLE.mlops];
    const { bundle, decisions } = await stack.json<{ bundle: unknown; decisions: string[] }>(0, ...of);
    expect(decisions).toHaveLength(4);
    const packageDir = join(EXAMPLE, 'packages', '1.2.0');
    expect(await verifyBundle({ bundle, trust: trust(), model: MODEL, packageDir })).toMatchObject({ ok: true });
    const history = await stack.temporal('workflow', 'list', '-o', 'json');
    expect(history.stdout.length).toBeGreaterThan(0);

    const file = join(stack.dir, 'bundle.json');
    await stack.json(0, ...of, '--out', file);
    const load = (...args: string[]) =>
      new Promise<{ code: number; out: string }>((done) => {
        const script = join(root, 'docs', 'load-verified.mjs');
        execFile(process.execPath, [script, MODEL, file, join(stack.dir, 'trust.json'), ...args], (error, stdout, stderr) =>
          done({ code: error ? Number(error.code) : 0, out: `${stdout}${stderr}` }),
        );
      });
    const size = readFileSync(join(packageDir, 'model.onnx')).length;
    expect(await load(serving(), stack.connection.store)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`${size} bytes`) as string,
    });
    await stack.json(0, ...hold());
    expect(await load(serving(), stack.connection.store)).toMatchObject({
      code: 1,
      out: expect.stringContaining('held') as string,
    });
    expect((await stack.cli(...of)).code).toBe(3);
  });
});
