import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../domain/checks.js';
import { PEOPLE, promote, registerExample, status, untilStage } from '../support/promotion.js';
import { down, eventually, EXAMPLE, root, up, type RunningStack } from '../support/stack.js';

let stack: RunningStack;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  stack = await up(undefined, { GATEHOUSE_WORK: 'promotions' });
  await registerExample(stack);
});
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await down(stack);
});

/** A worker that measures and does nothing else, as its own process. */
function startMeasuring(): ChildProcess {
  const { workerUrl, temporal, store } = stack.connection;
  const worker = spawn(process.execPath, [join(root, 'dist', 'worker.js')], {
    stdio: 'ignore',
    env: {
      ...process.env,
      GATEHOUSE_WORK: 'evidence',
      DATABASE_URL: workerUrl,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      GATEHOUSE_STORE: store,
    },
  });
  workers.push(worker);
  return worker;
}

async function openChecks(version: string): Promise<readonly string[]> {
  const { versions } = await status(stack);
  return versions.find((each) => each.version === version)?.promotion?.waitingFor ?? [];
}

/** What Temporal shows of the activity that measures: its heartbeat's details. */
async function heartbeat(version: string): Promise<string> {
  const run = `promotion/alzheimer_classifier/${version}/1`;
  return (await stack.temporal('workflow', 'describe', '-w', run, '-o', 'json')).stdout;
}

describe('measurements are work of their own', { timeout: 120_000 }, () => {
  it('wait, and hold nothing up, while no worker makes them; doctor says so', async () => {
    await stack.json(0, 'register', join(EXAMPLE, 'packages', '1.2.0'), '--approver', PEOPLE.mlops);
    await stack.json(0, ...promote('1.2.0', 'registered', 'staging'));
    await pause(2_000);
    expect(await openChecks('1.2.0')).toEqual(CHECKS.map((check) => `check ${check}`));
    // Acts are answered all the same.
    await stack.json(0, 'register', join(EXAMPLE, 'packages', '1.4.0'), '--approver', PEOPLE.mlops);
    const doctor = await stack.cli('doctor');
    expect(doctor.code).toBe(6);
    expect(doctor.stdout + doctor.stderr).toMatch(/0 for measurements \(gatehouse-evidence\)/);
  });

  it('go on from what is on the record after a kill, shown in Temporal while they run', async () => {
    const first = startMeasuring();
    // The load is measured last and takes three seconds.
    await eventually(async () => (await openChecks('1.2.0')).length === 2 || undefined);
    expect(await openChecks('1.2.0')).toEqual(['check latency', 'check resources']);
    const shown = await eventually(async () => {
      const text = await heartbeat('1.2.0');
      return text.includes('measured') ? text : undefined;
    }, 10_000).catch(() => '');
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(shown).toMatch(/"now"/);

    startMeasuring();
    await untilStage(stack, '1.2.0', 'staging', 60_000);
  });
});
