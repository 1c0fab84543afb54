import { MockActivityEnvironment } from '@temporalio/testing';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import type { ModelRunner } from '../../activities/ports.js';
import { CHECKS } from '../../domain/checks.js';
import { loadAttempt } from '../../platform/attempt.js';
import { advanceClock } from '../../platform/clock.js';
import { registerLike } from '../support/copies.js';
import { GATE_PEOPLE, PEOPLE } from '../support/promotion.js';
import { drive, inActivity, request } from '../support/staged.js';
import { EXAMPLE } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

const WEEK = 7 * 24 * 60 * 60_000;

let world: World;
let next = 0;
/** The attempt of a fresh copy of an example, whose checks are open. */
let id: string;

beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  const version = `2.${(next += 1)}.0`;
  await registerLike(world, '1.4.0', version, PEOPLE.mlops);
  id = await request(world, version);
});

interface Used {
  predicted: number;
  loads: number;
}

/** The activity with its runs of models counted, and changed for the test. */
function counted(change: Partial<ModelRunner> = {}): { run: () => Promise<void>; used: Used; env: MockActivityEnvironment } {
  const used = { predicted: 0, loads: 0 };
  const real = { ...world.deps.models, ...change };
  const models: ModelRunner = {
    predict: (...asked) => ((used.predicted += 1), real.predict(...asked)),
    load: (...asked) => ((used.loads += 1), real.load(...asked)),
  };
  const env = new MockActivityEnvironment();
  const { runChecks } = createActivities({ ...world.deps, models });
  return { run: () => env.run(runChecks, { promotionId: id }), used, env };
}

async function verdicts(): Promise<Record<string, string>> {
  const attempt = await loadAttempt(world.deps.pool, id);
  return Object.fromEntries(
    (attempt?.findings ?? []).map(({ check, verdict, reason }) => [check, `${verdict} ${reason}`.trim()]),
  );
}

describe('a round of checks', () => {
  it('gives every check its verdict, with one run under load for the two that need one', async () => {
    const { run, used } = counted();
    await run();
    expect(Object.keys(await verdicts())).toEqual([...CHECKS]);
    expect(used.loads).toBe(1);
  });

  it('tells with every heartbeat what is measured and what is at work, the load last and alone', async () => {
    const { run, env } = counted();
    const told: string[] = [];
    env.on('heartbeat', (details: unknown) => told.push(JSON.stringify(details)));
    await run();
    const last = JSON.parse(told.at(-1) ?? '') as { measured: string[]; now: string[] };
    expect(last.now).toEqual(['latency', 'resources']);
    expect([...last.measured, ...last.now].sort()).toEqual([...CHECKS].sort());
  });

  it('that is cut short goes on with what has no verdict', async () => {
    const first = counted({
      load: () => Promise.reject(Object.assign(new Error('the record is away'), { code: 'ECONNREFUSED' })),
    });
    await expect(first.run()).rejects.toMatchObject({ type: 'away' });
    expect(Object.keys(await verdicts())).toHaveLength(CHECKS.length - 2);
    const second = counted();
    await second.run();
    expect(second.used).toEqual({ predicted: 0, loads: 1 });
    expect(Object.keys(await verdicts())).toEqual([...CHECKS]);
    const third = counted();
    await third.run();
    expect(third.used).toEqual({ predicted: 0, loads: 0 });
  });

  it('that is cancelled ends within a second, and says nothing of what it had not measured', async () => {
    const { run, env } = counted();
    const running = run();
    const at = await new Promise<number>((cancelled) =>
      env.on('heartbeat', (details: { now: string[] }) => {
        if (!details.now.includes('latency')) return;
        env.cancel('WORKER_SHUTDOWN');
        cancelled(Date.now());
      }),
    );
    await expect(running).rejects.toThrow('WORKER_SHUTDOWN');
    expect(Date.now() - at).toBeLessThan(1_000);
    expect(Object.keys(await verdicts())).not.toContain('latency');
  });

  it('a load that other work on the machine disturbed is measured again, by each check for itself', async () => {
    let disturbed = 0;
    const { run, used } = counted({
      async load(...asked) {
        const measured = await world.deps.models.load(...asked);
        if ((disturbed += 1) > 1) return measured;
        return { ...measured, latenciesMs: measured.latenciesMs.map((ms) => ms + 500) };
      },
    });
    await run();
    expect(await verdicts()).toMatchObject({ latency: 'pass', resources: 'pass' });
    expect(used.loads).toBe(2);
  });
});

describe('what a stranger wrote into a file', () => {
  it('ends the attempt with a verdict, whatever is in it', async () => {
    const csv = readFileSync(join(EXAMPLE, 'data', 'train.csv'), 'utf8').replace('AXL', 'A\u0000\u202eL');
    const data = await world.deps.store.putBytes(csv);
    const yaml = readFileSync(join(EXAMPLE, 'training-set.yaml'), 'utf8')
      .replace('name: ad_train_2026_09', 'name: ad_train_strange')
      .replace('series: ad_train', 'series: strange')
      .replace(/sha256: .*/, `sha256: ${data.digest}`);
    const { digest } = await world.deps.store.putBytes(yaml);
    expect(await world.act('dataset', PEOPLE.mlops, { file: digest, data: data.digest })).toMatchObject({ accepted: true });
    await registerLike(world, '1.4.0', '2.99.0', PEOPLE.mlops, (file) => file.replace('ad_train_2026_09', 'ad_train_strange'));
    id = await request(world, '2.99.0');
    expect(await drive(world, id)).toMatchObject({ kind: 'ended', outcome: 'rejected' });
    expect((await verdicts())['data-quality']).toContain('extra: A\\u{0}\\u{202e}L');
  });

  it('is measured once where trying again would find the same', async () => {
    await registerLike(world, '1.4.0', '2.98.0', PEOPLE.mlops, (file) =>
      file.replace('ad_holdout_2026_09', 'ad_holdout_nowhere'),
    );
    id = await request(world, '2.98.0');
    const started = Date.now();
    await inActivity(world.activities.runChecks, { promotionId: id });
    expect(Date.now() - started).toBeLessThan(3_000);
    const said = await verdicts();
    expect(said['lineage']).toBe('fail the hold-out set ad_holdout_nowhere is not registered');
    for (const check of ['performance', 'latency', 'resources'])
      expect(said[check]).toBe('error could not be measured: the hold-out set ad_holdout_nowhere is not registered');
  });
});

describe('beside a version in production whose package is damaged', () => {
  it('that is said of the version in production, and fails no other check of the candidate', async () => {
    await drive(world, id);
    for (const [gate, person] of GATE_PEOPLE) {
      const envelope = await world.signDecision(id, person, gate);
      await world.activities.decide({ promotionId: id, envelope });
    }
    await advanceClock(world.db.ownerUrl, WEEK);
    await drive(world, id);
    const attempt = await loadAttempt(world.deps.pool, id);
    expect(attempt?.state).toBe('production');
    const manifest = world.deps.store.pathOf(attempt?.artifactDigest ?? '');
    chmodSync(manifest, 0o644);
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('model.onnx', 'model.0nnx'));

    await registerLike(world, '1.5.0', '3.0.0', PEOPLE.mlops);
    id = await request(world, '3.0.0');
    await inActivity(world.activities.runChecks, { promotionId: id });
    const said = await verdicts();
    const of = `could not be measured in 4 tries: ${attempt?.version}, which is in production: `;
    for (const check of ['not-worse-than-production', 'checklist']) expect(said[check]).toContain(`error ${of}`);
    const others = CHECKS.filter((check) => check !== 'not-worse-than-production' && check !== 'checklist');
    for (const check of others) expect([check, said[check]]).toEqual([check, 'pass']);
  });
});
