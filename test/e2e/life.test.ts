import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EndpointHealth } from '../../dev/serving/health.js';
import type { TrafficFigures } from '../../dev/serving/traffic/tally.js';
import { CHECKS } from '../../domain/checks.js';
import { openPool } from '../../platform/pool.js';
import { HOLDOUT } from '../support/endpoint.js';
import {
  decide,
  GATE_PEOPLE,
  intoProduction,
  PEOPLE,
  promote,
  registerExample,
  soundWith,
  stage,
  stageOf,
  status,
  untilStage,
  approveAll,
} from '../support/promotion.js';
import { attachmentOf, headerOf, startSmtp } from '../support/smtp.js';
import { down, eventually, EXAMPLE, MODEL, root, up, type RunningStack } from '../support/stack.js';
import { join } from 'node:path';

let stack: RunningStack;
beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
});
afterAll(() => down(stack));

interface Refused {
  error: { code: number; what: string; allowed: string | null };
}

/** What the serving endpoint answers for one row. */
async function predicted(query: string): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(`${stack.connection.serving?.url}/models/${MODEL}/predict${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ features: HOLDOUT[0]?.features }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

describe("a version's life through the command line", () => {
  it('a version that misses a threshold ends rejected, naming the check and its figure', async () => {
    await stack.json(0, 'register', join(EXAMPLE, 'packages', '1.1.0'), '--approver', PEOPLE.mlops);
    const ran = await stack.cli(...promote('1.1.0', 'registered', 'staging'), '--wait');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/performance.*0\.77/);
    expect(ran.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('registering the same package again changes nothing', async () => {
    const again = await stack.json<{ unchanged: boolean }>(
      0,
      'register',
      join(EXAMPLE, 'packages', '1.1.0'),
      '--approver',
      PEOPLE.mlops,
    );
    expect(again.unchanged).toBe(true);
  });

  it('soaks, and check says what is missing, from whom, and when at the earliest', async () => {
    await stage(stack, '1.2.0');
    const check = await stack.json<{
      eligible: boolean;
      earliest: string;
      conditions: { id: string; kind: string; verdict: string; who: string }[];
    }>(3, 'check', '--model-name', MODEL, '--version', '1.2.0');
    expect(check.eligible).toBe(false);
    expect(Date.parse(check.earliest) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
    const of = (kind: string) => check.conditions.filter((each) => each.kind === kind);
    expect(of('check').map(({ id, verdict }) => [id, verdict])).toEqual(
      CHECKS.map((id) => [id, id === 'not-worse-than-production' ? 'skipped' : 'pass']),
    );
    expect(of('gate').map(({ id, verdict, who }) => [id, verdict, who.split(':')[0]])).toEqual([
      ['data-science', 'pending', 'group ds-team'],
      ['devops', 'pending', 'group devops'],
      ['business', 'pending', 'group business'],
      ['security', 'pending', 'group security'],
    ]);
  });

  it('is answered with by the serving endpoint for those who ask for staging, while nothing is in production', async () => {
    const { status: code, json } = await eventually(async () => {
      const asked = await predicted('?stage=staging');
      return asked.status === 200 && asked;
    });
    expect([code, json]).toEqual([200, expect.objectContaining({ model: MODEL, version: '1.2.0' })]);
    expect((await predicted('')).status).toBe(404);
  });

  it('asking for production too early is refused with what is missing', async () => {
    const refused = await stack.json<Refused>(3, ...promote('1.2.0', 'staging', 'production'));
    expect(refused.error.what).toMatch(/soak minimum, gate data-science, gate devops, gate business, gate security/);
  });

  it('refuses the registrar, a second gate, another group, and a rejection without a reason', async () => {
    expect((await stack.json<Refused>(3, ...decide('approve', '1.2.0', 'devops', PEOPLE.mlops))).error.what).toMatch(
      /self-approval/,
    );
    expect((await stack.json<Refused>(4, ...decide('approve', '1.2.0', 'security', PEOPLE.business))).error.allowed).toBe(
      'security',
    );
    const blank = ['reject', '--model-name', MODEL, '--version', '1.2.0', '--gate', 'business', '--approver', PEOPLE.business];
    expect((await stack.cli(...blank)).code).toBe(2);
    await soundWith(stack, null);
  });

  it('an approval can be taken back, and by nobody else', async () => {
    await stack.json(0, ...decide('approve', '1.2.0', 'business', PEOPLE.business));
    await stack.json(5, ...decide('approve', '1.2.0', 'business', PEOPLE.business));
    await stack.json(5, ...decide('reject', '1.2.0', 'business', PEOPLE.business));
    await stack.json(0, ...decide('retract', '1.2.0', 'business', PEOPLE.business));
    const gates = (await status(stack)).versions.find(({ version }) => version === '1.2.0')?.promotion?.gates;
    expect(gates?.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open']);
  });

  it('pending shows each person what waits for them', async () => {
    const { pending } = await stack.json<{ pending: { gate: string }[] }>(0, 'pending', '--approver', PEOPLE.security);
    expect(pending.map(({ gate }) => gate)).toEqual(['security']);
    expect(await stack.json(0, 'pending', '--approver', PEOPLE.mlops)).toEqual({ pending: [] });
  });

  it('reaches production by itself after four people and seven days', async () => {
    await approveAll(stack, '1.2.0');
    expect(await stageOf(stack, '1.2.0')).toBe('staging');
    await stack.json(0, 'clock', 'advance', '7d');
    await untilStage(stack, '1.2.0', 'production');
    await soundWith(stack, '1.2.0');
    await stack.json(5, ...promote('1.2.0', 'staging', 'production'));
    for (const [gate, person] of GATE_PEOPLE) await stack.json(5, ...decide('approve', '1.2.0', gate, person));
  });

  it('serves at once: verified, answered by the endpoint, and written down with its labels', async () => {
    await eventually(async () => (await predicted('')).json['version'] === '1.2.0');
    const traffic = spawn(
      process.execPath,
      [join(root, 'dist', 'traffic.js'), '--model-name', MODEL, '--label-delay', '0', '--json'],
      {
        env: { ...process.env, GATEHOUSE_DATA_DIR: stack.dir },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [first] = (await once(traffic.stdout, 'data')) as [Buffer];
    traffic.kill('SIGINT');
    await once(traffic, 'exit');
    const figures = JSON.parse(first.toString().split('\n')[0] ?? '') as TrafficFigures;
    expect(figures).toMatchObject({ failed: 0, refused: 0, versions: ['1.2.0'] });
    expect(figures.answered).toBeGreaterThan(0);
    const { log } = (await (await fetch(`${stack.connection.serving?.url}/health`)).json()) as EndpointHealth;
    expect(log.dropped).toBe(0);
    const reader = openPool(stack.connection.readUrl, 'test');
    await eventually(async () => {
      const { rows } = await reader.query<{ n: number }>(
        `SELECT count(l.id)::int AS n FROM prediction p JOIN prediction_label l USING (id, version)
          WHERE p.version = '1.2.0' AND NOT p.failed AND p.predicted = l.predicted AND array_length(p.features, 1) = 131`,
      );
      return (rows[0]?.n ?? 0) >= figures.answered;
    });
    await reader.end();
    const { events } = await stack.json<{ events: { action: string; actor: string; subject: string }[] }>(0, 'audit', 'list');
    expect(events.filter(({ action }) => action === 'version.resolved')).toMatchObject([
      { actor: PEOPLE.mlops, subject: `${MODEL}/1.2.0` },
      { actor: 'serving.demo@duetmind.example', subject: `${MODEL}/1.2.0` },
    ]);
  });

  it('a worse version is refused with the comparison shown', async () => {
    await stack.json(0, 'register', join(EXAMPLE, 'packages', '1.3.0'), '--approver', PEOPLE.mlops);
    const ran = await stack.cli(...promote('1.3.0', 'registered', 'staging'), '--wait');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/not-worse-than-production.*0\.88.*0\.92/);
  });

  it('a better version replaces it, and the old one is archived for a year', async () => {
    await intoProduction(stack, '1.4.0');
    await soundWith(stack, '1.4.0');
    const old = (await status(stack)).versions.find(({ version }) => version === '1.2.0');
    expect(old).toMatchObject({ stage: 'archived' });
    expect(old?.retentionUntil).not.toBeNull();
  });

  it('the serving endpoint follows to the better version', async () => {
    await eventually(async () => (await predicted('')).json['version'] === '1.4.0');
  });

  it('shows the run to an operator: summary, details, search attributes', async () => {
    const id = `promotion/${MODEL}/1.4.0/1`;
    const described = JSON.parse((await stack.temporal('workflow', 'describe', '-w', id, '-o', 'json')).stdout) as Record<
      string,
      unknown
    >;
    expect(JSON.stringify(described)).toMatch(/"Stage"/);
    const metadata = await eventually(async () => {
      const { stdout } = await stack.temporal('workflow', 'metadata', '-w', id);
      return stdout.includes('[x] data-science') ? stdout : undefined;
    });
    expect(metadata).toMatch(/\[x\] performance: pass, .*accuracy 0\.94/);
    const listed = await eventually(async () => {
      const { stdout } = await stack.temporal(
        'workflow',
        'list',
        '--query',
        `Stage = 'production' AND ModelName = '${MODEL}'`,
        '-o',
        'json',
      );
      return stdout.includes(id) ? stdout : undefined;
    });
    expect(listed).toContain(id);
  });

  it("the replaced version's run has ended as archived", async () => {
    const { stdout } = await stack.temporal('workflow', 'result', '-w', `promotion/${MODEL}/1.2.0/1`);
    expect(stdout).toMatch(/archived/);
  });

  it('has its checkpoint mailed to where nobody here can reach, or keeps it where that fails', async () => {
    const smtp = await startSmtp();
    const [alice, to] = ['alice.admin@duetmind.example', 'auditor@example.org'];
    const words = ['audit', 'checkpoint', '--approver', alice, '--mail', `${to},${PEOPLE.mlops}`];
    const env = { GATEHOUSE_SMTP_URL: smtp.url, GATEHOUSE_MAIL_FROM: smtp.server.from };
    const wrong = { ...env, GATEHOUSE_SMTP_URL: smtp.url.replace(/:[^:@]+@/, ':tr0ub4dor@') };
    try {
      const made = await stack.cliWith(env, ...words, '--json');
      const document = JSON.parse(made.stdout) as { seq: number; mailedTo: string[] };
      expect([made.code, document.mailedTo]).toEqual([0, [to, PEOPLE.mlops]]);
      const { message = '' } = smtp.taken[0] ?? {};
      const { filename, text } = attachmentOf(message);
      expect(headerOf(message, 'Subject')).toBe(`Gatehouse checkpoint: audit trail up to event ${document.seq}`);
      expect(headerOf(message, 'Message-ID')).toMatch(/^<gatehouse-checkpoint\.\d+\.[0-9a-f]{32}@duetmind\.example>$/);
      const arrived = join(stack.dir, filename);
      writeFileSync(arrived, text);
      expect(await stack.json(0, 'audit', 'verify', '--checkpoint', arrived)).toMatchObject({
        checkpoint: { seq: document.seq, by: alice, key: 'enrolled' },
      });
      const refused = await stack.cliWith(wrong, ...words);
      expect(refused).toMatchObject({ code: 4, stdout: expect.stringMatching(/^\{"envelope":/) as string });
      expect(refused.stderr).toMatch(/^4: the checkpoint is on the record and was not mailed: [^\n]* refuses the login/);
      expect(refused.stdout + refused.stderr).not.toContain('tr0ub4dor');
      expect((await stack.cliWith(env, 'audit', 'checkpoint', '--approver', alice, '--mail', 'a@b.c\nBcc: d@e.f')).code).toBe(2);
      expect((await stack.cliWith({}, ...words)).stderr).toMatch(/^2: GATEHOUSE_SMTP_URL: is not set/);
    } finally {
      await smtp.close();
    }
    const out = join(stack.dir, 'kept.json');
    const away = await stack.cliWith(env, ...words, '--out', out);
    expect(away).toMatchObject({ code: 6, stdout: expect.stringContaining(out) as string });
    expect(await stack.json(0, 'audit', 'verify', '--checkpoint', out)).toMatchObject({ ok: true });
  });

  it('is vouched for by a checkpoint, and each promotion proves itself from a file', async () => {
    const [file, bundle] = [join(stack.dir, 'checkpoint.json'), join(stack.dir, 'bundle.json')];
    const alice = 'alice.admin@duetmind.example';
    const made = await stack.json<{ seq: number; head: string }>(0, 'audit', 'checkpoint', '--approver', alice, '--out', file);
    const printed = await stack.cli('audit', 'checkpoint', '--approver', PEOPLE.mlops);
    expect(JSON.parse(printed.stdout)).toMatchObject({ form: 'gatehouse-checkpoint-file/v1' });
    await stack.json<Refused>(4, 'audit', 'checkpoint', '--approver', PEOPLE.business);
    expect(await stack.json(0, 'audit', 'verify', '--checkpoint', file)).toMatchObject({
      ok: true,
      checkpoint: { seq: made.seq, head: made.head, by: alice, key: 'enrolled', recordedAs: made.seq + 1 },
    });
    for (const version of ['1.2.0', '1.4.0', '1.3.0']) {
      const of = ['--model-name', MODEL, '--version', version];
      await stack.json(0, 'audit', 'export', ...of, '--out', `${bundle}.${version}`);
      const ran = spawnSync(process.execPath, [join(root, 'docs/verify-bundle.mjs'), `${bundle}.${version}`, file], {
        encoding: 'utf8',
      });
      expect([ran.status, ran.stdout]).toEqual([0, expect.stringMatching(/(\d+) of \1 events are on the trail that alice/)]);
    }
  });
});
