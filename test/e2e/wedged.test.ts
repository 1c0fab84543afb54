import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Payload } from '@temporalio/common';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideSignal, progressQuery } from '../../workflows/messages.js';
import { clientOf, signFor } from '../support/decisions.js';
import { decide, GATE_PEOPLE, PEOPLE, registerExample, soundWith, stage, status } from '../support/promotion.js';
import { down, eventually, MODEL, root, up, type RunningStack } from '../support/stack.js';

let stack: RunningStack;
const idOf = (version: string) => `${MODEL}/${version}/1`;
const runOf = (version: string) => `promotion/${idOf(version)}`;

interface Event {
  action: string;
  subject: string;
  detail: Record<string, unknown>;
}

beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
  await stage(stack, '1.2.0');
});
afterAll(() => down(stack));

async function events(action: string, version: string): Promise<Event[]> {
  const listed = await stack.json<{ events: Event[] }>(0, 'audit', 'list');
  return listed.events.filter((event) => event.action === action && event.subject === idOf(version));
}

async function history(version: string): Promise<string> {
  return (await stack.temporal('workflow', 'show', '-w', runOf(version), '--output', 'json')).stdout;
}

async function isApproved(version: string, gate: string): Promise<boolean> {
  const shown = (await status(stack)).versions.find((each) => each.version === version);
  return shown?.promotion?.gates.some((each) => each.gate === gate && each.state === 'approved') ?? false;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const UNREADABLE: [string, Payload][] = [
  ['of an unknown encoding', { metadata: { encoding: bytes('binary/nonsense') }, data: bytes('x') }],
  ['that are no JSON', { metadata: { encoding: bytes('json/plain') }, data: bytes('{"envelope":') }],
  ['that are missing', { metadata: { encoding: bytes('json/plain') } }],
  ['of protobuf', { metadata: { encoding: bytes('json/protobuf'), messageType: bytes('x.Y') }, data: bytes('{}') }],
  ['without an encoding', { metadata: { other: bytes('x') }, data: bytes('{}') }],
  ['without anything', {}],
];

describe('bytes in Temporal that mean nothing', { timeout: 120_000 }, () => {
  it.each(UNREADABLE)('a message %s leaves the run working', async (_name, payload) => {
    const { client, close } = await clientOf(stack);
    try {
      const to = { namespace: 'default', workflowExecution: { workflowId: runOf('1.2.0') } };
      const input = { payloads: [payload] };
      await client.workflowService.signalWorkflowExecution({ ...to, signalName: 'decide', input });
      const { outcome } = await client.workflowService.updateWorkflowExecution({
        ...to,
        waitPolicy: { lifecycleStage: 3 },
        request: { meta: { updateId: crypto.randomUUID(), identity: 'test' }, input: { name: 'decide', args: input } },
      });
      expect(outcome?.failure?.message).toMatch(/three base64url parts/);
      await expect(client.workflow.getHandle(runOf('1.2.0')).query(progressQuery)).resolves.toMatchObject({
        promotionId: idOf('1.2.0'),
      });
    } finally {
      await close();
    }
    expect(await history('1.2.0')).not.toMatch(/EVENT_TYPE_WORKFLOW_TASK_FAILED/);
  });

  it('a run whose memo means nothing is listed with the others, and they are looked after', async () => {
    const { client, close } = await clientOf(stack);
    try {
      await client.workflowService.startWorkflowExecution({
        namespace: 'default',
        requestId: crypto.randomUUID(),
        workflowId: 'promotion/forged/memo',
        workflowType: { name: 'promotion' },
        taskQueue: { name: 'nobody-works-here' },
        memo: { fields: { note: UNREADABLE[0]?.[1] ?? {} } },
      });
      await stack.temporal('workflow', 'terminate', '-w', runOf('1.2.0'));
      await eventually(async () => (await events('run.replaced', '1.2.0')).length === 1, 90_000);
    } finally {
      await close();
    }
  });

  it('a decision after them is judged', async () => {
    const [gate, person] = GATE_PEOPLE[0];
    const said = await stack.json<{ delivery: string }>(0, ...decide('approve', '1.2.0', gate, person), '--timeout', '60s');
    expect(said.delivery).toBe('update');
  });

  it.each([
    ['nothing', []],
    ['null', ['--input', 'null']],
    ['a number', ['--input', '5']],
    ['a number for an id', ['--input', '{"promotionId":5}']],
    ['bytes', ['--input', 'x', '--input-meta', 'encoding=binary/nonsense']],
    ['an id that is not on the record', ['--input', '{"promotionId":"forged/1.0.0/1"}']],
  ])('a promotion started with %s fails at once and says why', async (name, input) => {
    const crafted = ['--type', 'promotion', '--task-queue', 'gatehouse', '-w', `promotion/forged/${name}`, ...input];
    const ran = await stack.temporal('workflow', 'execute', ...crafted);
    expect(ran.stdout).toMatch(/FAILED[^]*(the id of a promotion is expected|no promotion "forged\/1\.0\.0\/1" on the record)/);
    expect(ran.stdout).not.toMatch(/Activity task failed/);
  });
});

describe('an answer of the record that somebody else wrote', { timeout: 180_000 }, () => {
  it('is not believed, whatever it says', async () => {
    const owner = new pg.Client({ connectionString: stack.owner.ownerUrl });
    await owner.connect();
    const { client, close } = await clientOf(stack);
    try {
      const [gate, email] = GATE_PEOPLE[1];
      const envelope = await signFor(stack, client, idOf('1.2.0'), { gate, email });
      // Held long enough, the run asks by a normal activity, which can be completed from outside.
      await owner.query('BEGIN');
      await owner.query('SELECT 1 FROM model_registry FOR UPDATE');
      await client.workflow.getHandle(runOf('1.2.0')).signal(decideSignal, { envelope });
      await eventually(async () => {
        const { pendingActivities } = (await client.workflow.getHandle(runOf('1.2.0')).describe()).raw;
        const asked = pendingActivities?.find(({ activityType }) => activityType?.name === 'standing');
        if (!asked?.activityId) return undefined;
        const forged = ['--activity-id', asked.activityId, '--result', '"x"'];
        return (await stack.temporal('activity', 'complete', '-w', runOf('1.2.0'), ...forged)).code === 0;
      }, 90_000);
      await owner.query('ROLLBACK');
      await eventually(() => isApproved('1.2.0', gate), 90_000);
      expect(await history('1.2.0')).not.toMatch(/EVENT_TYPE_WORKFLOW_TASK_FAILED/);
    } finally {
      await close();
      await owner.end();
    }
  });
});

describe('a reader who holds every lock a reader can get', { timeout: 240_000 }, () => {
  it('stops neither the start of a run nor the comparison with the record', async () => {
    const reader = new pg.Client({ connectionString: stack.connection.readUrl });
    await reader.connect();
    try {
      await reader.query('BEGIN');
      await reader.query('SELECT pg_advisory_lock(7402120)');
      for (const version of ['1.2.0', '1.4.0'])
        await reader.query(`SELECT pg_advisory_lock(hashtextextended('run/' || $1, 0))`, [idOf(version)]);
      const { rows } = await reader.query<{ name: string }>(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
      );
      for (const { name } of rows) {
        await reader.query(`LOCK TABLE ${name} IN ACCESS SHARE MODE`);
        await reader.query('SAVEPOINT before');
        await expect(reader.query(`SELECT 1 FROM ${name} FOR KEY SHARE`)).rejects.toMatchObject({ code: '42501' });
        await reader.query('ROLLBACK TO before');
      }
      await stage(stack, '1.4.0');
      const before = (await events('run.replaced', '1.2.0')).length;
      await stack.temporal('workflow', 'terminate', '-w', runOf('1.2.0'));
      await eventually(async () => (await events('run.replaced', '1.2.0')).length > before, 90_000);
    } finally {
      await reader.end();
    }
  });
});

describe('a run that was terminated', { timeout: 240_000 }, () => {
  it('does not keep a script of a reviewer from deciding', async () => {
    await stack.temporal('workflow', 'terminate', '-w', runOf('1.2.0'));
    const key = join(stack.connection.keys, `${PEOPLE.business}.jwk.json`);
    const script = ['--import', 'tsx', join(root, 'client', 'approve.ts')];
    const args = ['--promotion', idOf('1.2.0'), '--gate', 'business', '--key', key];
    const env = { ...process.env, GATEHOUSE_DATA_DIR: stack.dir };
    const { stdout } = await promisify(execFile)(process.execPath, [...script, ...args], { env, cwd: root });
    expect(stdout).toMatch(/^accepted: /m);
    await soundWith(stack, null);
  });

  it('hands what it was sent and had not judged to the next', async () => {
    const { client, close } = await clientOf(stack);
    try {
      const [gate, email] = GATE_PEOPLE[3];
      const envelope = await signFor(stack, client, idOf('1.4.0'), { gate, email });
      const { pid } = JSON.parse(readFileSync(join(stack.dir, 'run', 'worker.json'), 'utf8')) as { pid: number };
      process.kill(pid, 'SIGSTOP');
      await client.workflow.getHandle(runOf('1.4.0')).signal(decideSignal, { envelope });
      await stack.temporal('workflow', 'terminate', '-w', runOf('1.4.0'));
      process.kill(pid, 'SIGKILL');
      await eventually(() => isApproved('1.4.0', gate), 120_000);
    } finally {
      await close();
    }
  });
});

describe('a run that lives but does not work', { timeout: 300_000 }, () => {
  it('is replaced and the audit trail says why; one whose clock was moved on by days is left alone', async () => {
    const before = (await events('run.replaced', '1.2.0')).length;
    const activityId = await eventually(async () => {
      const { stdout } = await stack.temporal('workflow', 'describe', '-w', runOf('1.4.0'), '-o', 'json');
      return /"activityId": "(\d+)"/.exec(stdout)?.[1];
    }, 60_000);
    const paused = await stack.temporal('activity', 'pause', '--workflow-id', runOf('1.4.0'), '--activity-id', activityId);
    expect(paused.code, paused.stderr).toBe(0);
    await stack.json(0, 'clock', 'advance', '7d');
    const replaced = await eventually(async () => {
      return (await events('run.replaced', '1.4.0')).find(({ detail }) => /paused/.test(String(detail['why'])));
    }, 240_000);
    expect(replaced.detail['why']).toBe('its activity pollHealth is paused');
    expect(await events('run.replaced', '1.2.0')).toHaveLength(before);
    await soundWith(stack, null);
  });
});
