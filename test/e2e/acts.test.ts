import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  approveAll,
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
import { down, eventually, MODEL, up, type RunningStack } from '../support/stack.js';

const REASON = 'it misses too many patients';

let stack: RunningStack;
beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
});
afterAll(() => down(stack));

const act = (verb: string, version: string, approver: string = PEOPLE.mlops, ...more: string[]) => [
  verb,
  '--model-name',
  MODEL,
  '--version',
  version,
  '--reason',
  REASON,
  '--approver',
  approver,
  ...more,
];
const rollback = (...more: string[]) => [
  'rollback',
  '--model-name',
  MODEL,
  '--reason',
  REASON,
  '--approver',
  PEOPLE.devops,
  ...more,
];
const served = () => {
  const directory = stack.connection.sinks['serving'] ?? '';
  return JSON.parse(readFileSync(join(directory, `${MODEL}.json`), 'utf8')) as { version: string | null };
};
const told = () => readFileSync(stack.connection.sinks['notices'] ?? '', 'utf8');

describe('acts on a soak', { timeout: 120_000 }, () => {
  it('paused, resumed, extended and withdrawn from the command line, with the exit codes of the contract', async () => {
    const id = await stage(stack, '1.2.0');
    expect((await stack.cli(...act('pause', '1.2.0', PEOPLE.business))).code).toBe(4);
    expect((await stack.cli(...act('resume', '1.2.0'))).code).toBe(5);
    const short = await stack.cli(
      'pause',
      '--model-name',
      MODEL,
      '--version',
      '1.2.0',
      '--reason',
      'why',
      '--approver',
      PEOPLE.mlops,
    );
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining('10–2,000 characters') as string });
    expect((await stack.cli(...act('pause', '9.9.9'))).code).toBe(2);

    expect(await stack.json(0, ...act('pause', '1.2.0'))).toMatchObject({ ok: true, promotionId: id, state: 'staging' });
    const paused = await eventually(async () => {
      const { versions } = await status(stack);
      const soak = versions.find(({ version }) => version === '1.2.0')?.promotion?.soak;
      return soak && (soak as { paused?: boolean }).paused === true && soak;
    });
    await stack.json(0, 'clock', 'advance', '30d');
    expect(await stageOf(stack, '1.2.0')).toBe('staging');
    expect(await stack.json(0, ...act('resume', '1.2.0'))).toMatchObject({ ok: true });
    await stack.json(0, ...act('extend', '1.2.0', PEOPLE.mlops, '--by', '2d'));
    const { versions } = await status(stack);
    const after = versions.find(({ version }) => version === '1.2.0')?.promotion?.soak;
    const later = Date.parse(after?.maxEndsAt ?? '') - Date.parse(paused?.maxEndsAt ?? '');
    expect(Math.floor(later / 86_400_000)).toBe(32);

    expect((await stack.cli(...act('withdraw', '1.2.0', 'marco.mlops@duetmind.example'))).code).toBe(3);
    expect(await stack.json(0, ...act('withdraw', '1.2.0'))).toMatchObject({ ok: true, state: 'withdrawn' });
    await eventually(async () => told().includes(`${id}/withdrawn`));
    expect((await stack.cli(...act('pause', '1.2.0'))).code).toBe(5);
    await stack.json(0, ...promote('1.2.0', 'withdrawn', 'staging'), '--wait');
    await stack.json(0, ...act('withdraw', '1.2.0'));
    await soundWith(stack, null);
  });
});

describe('rollback, release, retire, resolve', { timeout: 180_000 }, () => {
  it('takes production back, points serving there, and quarantines the version left', async () => {
    await stack.json(0, ...promote('1.2.0', 'withdrawn', 'staging'), '--wait');
    const nothing = await stack.cli(...rollback());
    expect(nothing).toMatchObject({ code: 3, stderr: expect.stringContaining('nothing to roll back to') as string });
    await eventually(async () => told().includes('rollback-refused'));
    for (const [gate, person] of [
      ['data-science', PEOPLE.dataScience],
      ['devops', PEOPLE.devops],
      ['business', PEOPLE.business],
      ['security', PEOPLE.security],
    ] as const)
      await stack.json(0, 'approve', '--model-name', MODEL, '--version', '1.2.0', '--gate', gate, '--approver', person);
    const freeze = (...more: string[]) => ['freeze', '--reason', REASON, '--approver', PEOPLE.devops, ...more];
    expect(await stack.json(0, ...freeze())).toMatchObject({ ok: true, model: null, frozen: true });
    await stack.json(0, 'clock', 'advance', '7d');
    const held = await stack.cli(...promote('1.2.0', 'staging', 'production'));
    expect(held).toMatchObject({ code: 3, stderr: expect.stringContaining('the end of the freeze of all models') as string });
    expect((await stack.cli(...freeze())).code).toBe(5);
    expect((await stack.cli('check', '--model-name', MODEL, '--version', '1.2.0')).stderr).toMatch(
      /next: gatehouse freeze --lift$/m,
    );
    expect((await stack.cli('status')).stdout).toMatch(/FROZEN all models since .* by olga\.devops/);
    expect((await stack.cli(...freeze('--model-name', 'nobody'))).code).toBe(2);
    await stack.json(0, ...freeze('--lift'));
    await untilStage(stack, '1.2.0', 'production');
    await intoProduction(stack, '1.4.0');
    await eventually(async () => served().version === '1.4.0');

    const done = await stack.json<{ production: string; workflowId: string; steps: unknown[] }>(0, ...rollback());
    expect(done).toMatchObject({
      ok: true,
      production: '1.2.0',
      steps: expect.arrayContaining([
        { step: 'serving', outcome: 'done' },
        { step: 'prediction-quality', outcome: 'done' },
        { step: 'watch', outcome: 'done' },
        { step: 'archive-previous', outcome: 'done' },
      ]) as unknown[],
      stepsOpen: ['service-health', 'stakeholders', 'incidents'],
    });
    expect(served()).toMatchObject({ version: '1.2.0' });
    const run = await eventually(async () => {
      const { stdout } = await stack.temporal('workflow', 'describe', '-w', done.workflowId);
      return /Pending Activities: +[1-9]/.test(stdout) && stdout;
    });
    // Nobody asks the restored version here, so that nothing confirms its health yet.
    expect(run).toMatch(/rollback/);
    await soundWith(stack, '1.2.0');
    const again = await stack.cli(...rollback('--to-version', '1.4.0'));
    expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('1.4.0 is quarantined') as string });
    expect((await stack.cli(...rollback('--to-version', '1.2.0'))).code).toBe(3);
    expect((await stack.cli(...promote('1.4.0', 'archived', 'staging'))).code).toBe(3);
  });

  it('a released version is a target again; a retired one leaves none, and serving points to nothing', async () => {
    await stack.json(0, ...act('release', '1.4.0'));
    await stack.json(0, ...rollback('--to-version', '1.4.0'));
    await soundWith(stack, '1.4.0');
    const resolved = ['resolve', '--model-name', MODEL, '--stage', 'production', '--approver'];
    expect(await stack.json(0, ...resolved, PEOPLE.mlops)).toMatchObject({ version: '1.4.0', stage: 'production' });
    expect((await stack.cli(...resolved, PEOPLE.security)).code).toBe(4);
    expect(await stack.json(0, ...act('retire', '1.4.0'))).toMatchObject({ ok: true, state: 'archived' });
    await eventually(async () => served().version === null);
    await soundWith(stack, null);
    expect((await stack.cli(...resolved, PEOPLE.mlops)).code).toBe(5);
  });

  it('of a rollback and another at the same moment one happens, and the trail is whole', async () => {
    await stack.json(0, ...act('release', '1.2.0'));
    const both = await Promise.all([
      stack.cli(...rollback('--to-version', '1.4.0')),
      stack.cli(...rollback('--to-version', '1.2.0')),
    ]);
    const codes = both.map(({ code }) => code).sort((one, other) => one - other);
    // Where the second process begins only when the first is done, it rolls back from there.
    expect([
      [0, 5],
      [0, 0],
    ]).toContainEqual(codes);
    const { production } = await status(stack);
    if (codes[1] === 5) expect(production).toBe(both[0].code === 0 ? '1.4.0' : '1.2.0');
    await soundWith(stack, production);
  });
});

describe('break-glass', { timeout: 120_000 }, () => {
  it('by two people brings an approved version into production at once; a review is owed, and history has both', async () => {
    const id = await stage(stack, '1.5.0');
    const glass = (approver: string, ...more: string[]) => act('break-glass', '1.5.0', approver, ...more);
    const omar = 'omar.devops@duetmind.example';
    expect((await stack.cli(...glass(PEOPLE.mlops))).code).toBe(3);
    expect((await stack.cli(...glass(PEOPLE.business))).code).toBe(4);
    expect((await stack.cli(...glass(PEOPLE.devops, '--skip', 'checks'))).code).toBe(2);
    expect((await stack.cli(...glass(PEOPLE.devops))).stdout).toMatch(/break-glass of the soak waits for a second person until/);
    expect((await stack.cli(...glass(PEOPLE.devops))).code).toBe(5);
    expect((await stack.cli('status')).stdout).toMatch(/a second person for the\s+break-glass/);
    await approveAll(stack, '1.5.0');
    expect(await stack.json(0, ...glass(omar))).toMatchObject({ ok: true, promotionId: id, by: [PEOPLE.devops, omar] });
    await untilStage(stack, '1.5.0', 'production', 60_000);
    expect((await stack.cli('history', '--model-name', MODEL)).stdout).toMatch(
      /BREAK-GLASS 1\.5\.0 by olga\S+ \(soak: .*review by\s+mlops/s,
    );
    expect((await stack.cli('status')).stdout).toMatch(/REVIEW of break-glass \S+1\.5\.0\/1 by mlops due/);
    await eventually(async () => told().includes(`review/break-glass/${id}/opened`));
    await soundWith(stack, '1.5.0');
  });
});
