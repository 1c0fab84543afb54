import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTraffic, type Traffic } from '../../dev/serving/traffic/traffic.js';
import { openPool } from '../../platform/pool.js';
import { HOLDOUT } from '../support/endpoint.js';
import { approveAll, PEOPLE, registerExample, soundWith, stage, status, untilStage } from '../support/promotion.js';
import { down, eventually, MODEL, up, type RunningStack } from '../support/stack.js';
import {
  inProduction,
  pidOf,
  pointedTo,
  switchFault,
  takenBy,
  WATCHED_EVERY_SECOND,
  type PageTaken,
} from '../support/watched.js';

const EVERY_MS = 1_000;

let stack: RunningStack;
let reader: pg.Pool;
let traffic: Traffic | undefined;
beforeAll(async () => {
  stack = await up();
  reader = openPool(stack.connection.readUrl, 'test');
  const policy = join(stack.dir, 'policy.yaml');
  writeFileSync(policy, WATCHED_EVERY_SECOND);
  await registerExample(stack, policy);
  await stage(stack, '1.2.0');
  await approveAll(stack, '1.2.0');
  await untilStage(stack, '1.2.0', 'production');
  const url = stack.connection.serving?.url ?? '';
  traffic = startTraffic({ url, model: MODEL, stage: 'production', rows: HOLDOUT, rate: 20, labelAfterMs: 0 });
  await stage(stack, '1.4.0');
});
afterAll(async () => {
  await traffic?.stop();
  await reader.end();
  await down(stack);
});

const watchOf = (version: string, n: number) => `watch/${MODEL}/${version}/${n}`;

async function events(workflowId: string): Promise<string[]> {
  const { stdout } = await stack.temporal('workflow', 'show', '-w', workflowId, '-o', 'json');
  return (JSON.parse(stdout) as { events: { eventType: string }[] }).events.map(({ eventType }) => eventType);
}

/** Waits until so many more windows are recorded of what is in production than there are now. */
async function untilSeen(more: number): Promise<void> {
  const before = await inProduction(reader);
  await eventually(async () => {
    const { key, windows } = await inProduction(reader);
    return key === before.key && windows >= before.windows + more;
  }, 60_000);
}

interface Change {
  readonly change: string;
  readonly severity: string;
}

async function incidents(condition: string, version: string): Promise<(Change & { readonly id: string })[]> {
  const { rows } = await reader.query<Change & { id: string }>(
    'SELECT id, change, severity FROM incident WHERE condition = $1 AND version = $2 ORDER BY seq',
    [condition, version],
  );
  return rows;
}

const pages = () => takenBy<PageTaken>(stack.connection.sinks.pagerduty);

describe('the watch of what is in production', () => {
  it('costs its run no history, however many looks it takes, and says nothing while all is well', async () => {
    await eventually(async () => (await inProduction(reader)).windows >= 30, 90_000);
    expect((await events(watchOf('1.2.0', 1))).length).toBeLessThan(10);
    await eventually(async () => {
      const { rows } = await reader.query<{ verdict: string }>('SELECT verdict FROM performance_window ORDER BY id DESC LIMIT 1');
      return rows[0]?.verdict === 'healthy';
    });
  });

  it('ends when its version is replaced, and another begins', async () => {
    await approveAll(stack, '1.4.0');
    await untilStage(stack, '1.4.0', 'production');
    await untilSeen(1);
    await eventually(async () => (await events(watchOf('1.2.0', 1))).at(-1) === 'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED');
  });
});

async function pollingId(workflowId: string): Promise<string> {
  return await eventually(async () => {
    const { stdout } = await stack.temporal('workflow', 'describe', '-w', workflowId, '-o', 'json');
    return /"activityId": "(\d+)"/.exec(stdout)?.[1];
  });
}

/** What anybody who reaches the namespace can do to the watch. */
const STOPS: Readonly<Record<string, () => Promise<unknown>>> = {
  'a stranger who completes its look with a made-up breach': () =>
    complete({ kind: 'changed', model: MODEL, version: '1.4.0', severity: 'rollback', open: ['made-up'], changes: [] }),
  'a stranger who says that its version has left': () => complete({ kind: 'left' }),
  'its activity being paused': async () => {
    const of = ['--workflow-id', watchOf('1.4.0', 1), '--activity-id', await pollingId(watchOf('1.4.0', 1))];
    const { code, stderr } = await stack.temporal('activity', 'pause', ...of);
    expect(code, stderr).toBe(0);
  },
  'the end of its run': () => stack.temporal('workflow', 'terminate', '-w', watchOf('1.4.0', 1)),
};

async function complete(result: object): Promise<void> {
  await eventually(async () => {
    const look = ['-w', watchOf('1.4.0', 1), '--activity-id', await pollingId(watchOf('1.4.0', 1))];
    return (await stack.temporal('activity', 'complete', ...look, '--result', JSON.stringify(result))).code === 0;
  });
}

describe('nobody can silence it', () => {
  it.each(Object.entries(STOPS))('%s stops it for seconds, and decides nothing', async (_what, stops) => {
    await stops();
    // What is under way when it is stopped may still be recorded.
    await pause(EVERY_MS);
    await untilSeen(2);
    expect((await inProduction(reader)).version).toBe('1.4.0');
  });

  it('with no worker left, a second place says so; one incident, which closes when it is watched again', async () => {
    const worker = await stopWorker();
    const before = (await incidents('watch', '1.4.0')).length;
    try {
      const { id } = await eventually(async () => (await incidents('watch', '1.4.0'))[before]);
      await eventually(async () => (await sent(`incident/${id}/opened/critical`)).join() === 'email,file,pagerduty,slack');
      expect(pages().filter(({ dedup_key: key }) => key === id)).toMatchObject([{ event_action: 'trigger' }]);
      const { mail, slack } = stack.connection.sinks;
      for (const path of [mail, slack]) expect(JSON.stringify(takenBy(path)).includes('1.4.0: nobody watches it')).toBe(true);
      expect(await status(stack)).toMatchObject({
        watch: { version: '1.4.0', silent: true },
        incidents: [{ id, condition: 'watch', severity: 'critical' }],
      });
      expect(pidOf(stack, 'worker')).toBe(worker);
    } finally {
      process.kill(worker, 'SIGKILL');
    }
    await untilSeen(2);
    const [opened, closed] = await eventually(async () => {
      const changes = (await incidents('watch', '1.4.0')).slice(before);
      return changes.length > 1 && changes;
    });
    expect([opened, closed]).toMatchObject([{ change: 'opened' }, { change: 'closed', id: opened?.id }]);
    await eventually(() =>
      Promise.resolve(
        pages()
          .filter(({ dedup_key: key }) => key === opened?.id)
          .at(-1)?.event_action === 'resolve',
      ),
    );
    expect(pages().filter(({ dedup_key: key }) => key === opened?.id)).toHaveLength(2);
  });
});

/** Stops the worker in mid-air, right after a look and while nothing is open about the watch; answers its process. */
async function stopWorker(): Promise<number> {
  const worker = pidOf(stack, 'worker');
  return await eventually(async () => {
    // Then it is in no transaction, whose locks would be kept as long as it is stopped.
    await untilSeen(1);
    process.kill(worker, 'SIGSTOP');
    if ((await incidents('watch', '1.4.0')).at(-1)?.change !== 'opened') return worker;
    process.kill(worker, 'SIGCONT');
    return undefined;
  }, 60_000);
}

/** The channels that a notice went over. */
async function sent(key: string): Promise<string[]> {
  const { rows } = await reader.query<{ channel: string }>(
    `SELECT channel FROM notice_delivery WHERE notice_key = $1 AND outcome = 'sent' ORDER BY channel`,
    [key],
  );
  return rows.map(({ channel }) => channel);
}

describe('a version that fails', () => {
  it('is taken back by itself, and everything and everybody says so', async () => {
    const { key } = await inProduction(reader);
    await switchFault(stack, '1.4.0', { fault: 'failing' });
    await eventually(async () => (await inProduction(reader)).version === '1.2.0');
    await soundWith(stack, '1.2.0');
    const { versions } = await status(stack);
    expect(versions.find(({ version }) => version === '1.4.0')).toMatchObject({
      stage: 'archived',
      quarantine: expect.stringMatching(/^rolled back to 1\.2\.0 by gatehouse: error-rate/) as string,
    });
    await eventually(() => Promise.resolve(pointedTo(stack) === '1.2.0'));
    const { intervals } = await stack.json<{ intervals: { version: string; kind: string; ended: object | null }[] }>(
      0,
      'history',
      '--model-name',
      MODEL,
    );
    expect(intervals.slice(-2)).toMatchObject([
      { version: '1.4.0', ended: { how: 'rolled back', by: '1.2.0', person: null } },
      { version: '1.2.0', kind: 'automatic', ended: null },
    ]);

    const incident = `${key}/error-rate/1`;
    const actions = await eventually(() => {
      const of = pages().filter(({ dedup_key: dedup }) => dedup === incident);
      return Promise.resolve(of.at(-1)?.event_action === 'resolve' && of.map(({ event_action: action }) => action));
    }, 60_000);
    // It may have been critical for one window before it was more.
    expect(actions.join()).toMatch(/^(trigger,){1,2}acknowledge,resolve$/);
    const told = /is rolled back from 1\.4\.0 to 1\.2\.0/;
    await eventually(() => {
      const { mail, slack } = stack.connection.sinks;
      return Promise.resolve([mail, slack].every((path) => takenBy(path).some((message) => told.test(JSON.stringify(message)))));
    });
    expect((await incidents('error-rate', '1.4.0')).filter(({ change }) => change !== 'rose')).toMatchObject([
      { id: incident, change: 'opened' },
      { id: incident, change: 'closed' },
    ]);
  });

  it('and the version that was restored is confirmed, and watched', async () => {
    const { key } = await inProduction(reader);
    const steps = await eventually(async () => {
      const { rows } = await reader.query<{ step: string; outcome: string }>(
        `SELECT f.step, f.outcome FROM follow_up f JOIN production_change c ON c.key = f.change_key
          WHERE c.key = $1 AND (SELECT count(*) FROM follow_up WHERE change_key = c.key) = cardinality(c.follow_ups)`,
        [key],
      );
      return rows.length > 0 && new Map(rows.map(({ step, outcome }) => [step, outcome]));
    }, 60_000);
    expect(steps.get('service-health')).toBe('done');
    expect([...steps].filter(([, outcome]) => outcome === 'failed')).toEqual([]);
    await untilSeen(1);
    await stack.json(
      3,
      'rollback',
      '--model-name',
      MODEL,
      '--to-version',
      '1.4.0',
      '--reason',
      'it looked well before',
      '--approver',
      PEOPLE.devops,
    );
    await soundWith(stack, '1.2.0');
  });
});
