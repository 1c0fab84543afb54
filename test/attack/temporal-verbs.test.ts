import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  approveAll,
  decide,
  intoProduction,
  PEOPLE,
  promote,
  registerExample,
  soundWith,
  stage,
  stageOf,
  status,
  untilStage,
} from '../support/promotion.js';
import { down, eventually, EXAMPLE, MODEL, up, type RunningStack } from '../support/stack.js';

let stack: RunningStack;
let run: string;
const id = `${MODEL}/1.4.0/1`;

beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
  await intoProduction(stack, '1.2.0');
  await stage(stack, '1.4.0');
  run = `promotion/${id}`;
});
afterAll(() => down(stack));

const input = JSON.stringify({ promotionId: id });

async function pendingId(workflowId: string): Promise<string | undefined> {
  const { stdout } = await stack.temporal('workflow', 'describe', '-w', workflowId, '-o', 'json');
  return /"activityId": "(\d+)"/.exec(stdout)?.[1];
}

/** Ends whatever activity a run waits for, as anybody with access to the namespace can. */
async function untilForged(workflowId: string, [verb, ...forged]: readonly string[]): Promise<string> {
  return await eventually(async () => {
    const pending = await pendingId(workflowId);
    if (pending === undefined) return undefined;
    const { code } = await stack.temporal('activity', String(verb), '-w', workflowId, '--activity-id', pending, ...forged);
    return code === 0 && pending;
  }, 60_000);
}

describe('whoever can write to Temporal decides nothing', () => {
  it('a raw signal with made-up JSON', async () => {
    for (const made of [
      `{"gate":"security","approver":"${PEOPLE.security}"}`,
      `{"envelope":"a.b.c"}`,
      `"approve"`,
      `null`,
      `[1]`,
    ]) {
      const sent = await stack.temporal('workflow', 'signal', '-w', run, '--name', 'decide', '--input', made);
      expect(sent.code).toBe(0);
    }
    await stack.temporal('workflow', 'signal', '-w', run, '--name', 'decide');
    await stack.temporal('workflow', 'signal', '-w', run, '--name', 'approved', '--input', 'true');
    const { events } = await eventually(async () => {
      const list = await stack.json<{ events: { action: string; subject: string }[] }>(0, 'audit', 'list');
      return list.events.some(({ action, subject }) => action === 'act.refused' && subject === id) ? list : undefined;
    });
    // Only what can be read is on the record: the one envelope of three parts.
    expect(events.filter(({ action, subject }) => action === 'act.refused' && subject === id)).toHaveLength(1);
    await soundWith(stack, '1.2.0');
  });

  it('an update that cannot be read is refused without a history event', async () => {
    const sent = await stack.temporal(
      'workflow',
      'update',
      'execute',
      '-w',
      run,
      '--name',
      'decide',
      '--input',
      '{"envelope":"nonsense"}',
    );
    expect(sent.code).not.toBe(0);
    expect(sent.stderr).toMatch(/three base64url parts/);
  });

  it('a workflow started with crafted input, under its own or another id', async () => {
    const start = async (...args: string[]) => {
      const started = await stack.temporal('workflow', 'start', '--task-queue', 'gatehouse', '--type', 'promotion', ...args);
      expect(started.code, started.stderr).toBe(0);
    };
    await start('-w', 'promotion/forged', '--input', '{"promotionId":"forged/1.0.0/1","state":"production","approved":true}');
    await start('-w', 'promotion/second-driver', '--input', input);
    await start('-w', run, '--id-conflict-policy', 'TerminateExisting', '--input', '{"promotionId":"forged/1.0.0/1"}');
    const crafted = [
      '--type',
      'act',
      '-w',
      'act/forged',
      '--task-queue',
      'gatehouse',
      '--input',
      '{"envelope":"nothing to read"}',
    ];
    expect((await stack.temporal('workflow', 'execute', ...crafted)).stdout).toMatch(/FAILED[^]*three base64url parts/);
    await soundWith(stack, '1.2.0');
  });

  it('an activity executed with no workflow at all', async () => {
    for (const type of ['changeProduction', 'standing', 'followUp']) {
      const sent = await stack.temporal(
        'activity',
        'execute',
        '--type',
        type,
        '--activity-id',
        `forged-${type}`,
        '--task-queue',
        'gatehouse',
        '--start-to-close-timeout',
        '5s',
        '--schedule-to-close-timeout',
        '5s',
        '--input',
        JSON.stringify({ promotionId: id, step: 'archive-previous' }),
      );
      expect(sent.code, sent.stderr).toBe(type === 'followUp' ? 1 : 0);
      if (type === 'changeProduction') expect(sent.stdout).toMatch(/not-due/);
    }
    expect(await stageOf(stack, '1.4.0')).toBe('staging');
    await soundWith(stack, '1.2.0');
  });

  it('a signal and an update that start a run as well', async () => {
    const started = ['--task-queue', 'gatehouse', '--type', 'promotion', '--input', input];
    const made = '{"envelope":"e30.e30.AAAA"}';
    const bySignal = ['-w', 'promotion/started-by-a-signal', '--signal-name', 'decide', '--signal-input', made];
    const signal = await stack.temporal('workflow', 'signal-with-start', ...started, ...bySignal);
    expect(signal.code, signal.stderr).toBe(0);
    const byUpdate = ['-w', 'promotion/started-by-an-update', '--update-name', 'decide', '--update-input', made];
    const existing = ['--id-conflict-policy', 'UseExisting'];
    const update = await stack.temporal('workflow', 'execute-update-with-start', ...started, ...existing, ...byUpdate);
    expect(`${update.stdout}${update.stderr}`).toMatch(/accepted:false/);
    await soundWith(stack, '1.2.0');
  });

  it('a pending activity completed with an invented result', async () => {
    // The run may be the forged one of a test before, about to be replaced, or between two activities.
    const activityId = await untilForged(run, ['complete', '--result', '{"kind":"change","verdict":"pass"}']);
    await eventually(async () => ((await pendingId(run)) !== activityId ? true : undefined), 60_000);
    expect(await stageOf(stack, '1.4.0')).toBe('staging');
    await soundWith(stack, '1.2.0');
  });

  it.each([
    ['completed as passed', 'registered', ['complete', '--result', '{"verdict":"pass","eligible":true}']],
    ['failed', 'rejected', ['fail', '--reason', 'approved by everybody']],
  ])('the running measurements of a version that is not good enough, %s by hand', async (_, from, forged) => {
    if (from === 'registered') await stack.json(0, 'register', join(EXAMPLE, 'packages', '1.3.0'), '--approver', PEOPLE.mlops);
    const asked = await stack.json<{ workflowId: string }>(0, ...promote('1.3.0', from, 'staging'));
    await untilForged(asked.workflowId, forged);
    await untilStage(stack, '1.3.0', 'rejected', 60_000);
    await soundWith(stack, '1.2.0');
  });

  it('a run that is terminated', async () => {
    await eventually(async () => {
      const { code } = await stack.temporal('workflow', 'terminate', '-w', run, '--reason', 'approved by everybody');
      return code === 0;
    }, 60_000);
    await eventually(async () => {
      const { stdout } = await stack.temporal('workflow', 'describe', '-w', run, '-o', 'json');
      return stdout.includes('WORKFLOW_EXECUTION_STATUS_RUNNING') || undefined;
    }, 60_000);
    expect(await stageOf(stack, '1.4.0')).toBe('staging');
    await soundWith(stack, '1.2.0');
  });

  it('an approval for another version', async () => {
    const ran = await stack.cli(...decide('approve', '1.2.0', 'security', PEOPLE.security));
    expect(ran.code).toBe(5);
    await soundWith(stack, '1.2.0');
  });

  it("SQL with the command line's and the worker's login", async () => {
    for (const url of [stack.connection.readUrl, stack.connection.workerUrl]) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        for (const statement of [
          `UPDATE model_version_detail SET status = 'production', promoted_at = now() WHERE version = '1.4.0'`,
          `UPDATE promotion SET state = 'production' WHERE id = '${id}'`,
          `DELETE FROM audit_event`,
          `UPDATE person SET groups = '{security}'`,
        ]) {
          await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
        }
      } finally {
        await client.end();
      }
    }
    await soundWith(stack, '1.2.0');
  });

  it('the attempt goes on all the same, and its run is its own again', async () => {
    await eventually(async () => {
      const { stdout } = await stack.temporal('workflow', 'describe', '-w', run, '-o', 'json');
      return stdout.includes('WORKFLOW_EXECUTION_STATUS_RUNNING') || undefined;
    }, 60_000);
    await approveAll(stack, '1.4.0');
    await stack.json(0, 'clock', 'advance', '7d');
    await untilStage(stack, '1.4.0', 'production', 60_000);
    await soundWith(stack, '1.4.0');
    const { events } = await stack.json<{ events: { action: string; subject: string }[] }>(0, 'audit', 'list');
    expect(events.some(({ action, subject }) => action === 'run.replaced' && subject === id)).toBe(true);
  });

  it('a reset of the finished run changes nothing', async () => {
    const before = await stack.json<{ events: unknown[] }>(0, 'audit', 'list');
    const old = `promotion/${MODEL}/1.2.0/1`;
    const reset = await stack.temporal('workflow', 'reset', '-w', old, '--type', 'FirstWorkflowTask', '--reason', 'forged');
    expect(reset.code).toBe(0);
    await eventually(
      async () => (await stack.temporal('workflow', 'describe', '-w', old)).stdout.includes('COMPLETED') || undefined,
    );
    expect((await stack.json<{ events: unknown[] }>(0, 'audit', 'list')).events).toHaveLength(before.events.length);
    expect((await status(stack)).production).toBe('1.4.0');
    await soundWith(stack, '1.4.0');
  });
});
