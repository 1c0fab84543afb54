import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, counts, type Counts } from '../support/counts.js';
import { decide, intoProduction, PEOPLE, promote, registerExample, stage } from '../support/promotion.js';
import { down, EXAMPLE, eventually, MODEL, root, up, type Ran, type RunningStack } from '../support/stack.js';

const OF = ['--model-name', MODEL];
const WHY = 'it misses too many patients';
let stack: RunningStack;
let reader: pg.Client;

beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
  await intoProduction(stack, '1.2.0');
  await stage(stack, '1.4.0');
  await stack.json(0, 'register', join(EXAMPLE, 'packages', '1.1.0'), '--approver', PEOPLE.mlops);
  reader = new pg.Client({ connectionString: stack.connection.readUrl });
  await reader.connect();
}, 180_000);
afterAll(async () => {
  await reader.end();
  await down(stack);
});

/** Runs the build with other variables; whatever the machine sets is left out. */
function told(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
  const own = { PATH: process.env['PATH'], HOME: stack.dir, TEMPORAL_CONFIG_FILE: '', ...env };
  return new Promise((done) => {
    execFile(process.execPath, [join(root, 'dist', 'cli.js'), ...args], { env: own, cwd: stack.dir }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** The one line of a refusal, which is all of stderr: its code, and never a stack trace or what a terminal would obey. */
function lineOf({ code, stderr, stdout }: Ran): string {
  const lines = stderr.trimEnd().split('\n');
  expect(lines, stderr).toHaveLength(1);
  expect(lines[0]).toMatch(new RegExp(`^${code}: `));
  expect(stderr + stdout).not.toMatch(/\n\s+at .*:\d+|node:internal/);
  // oxlint-disable-next-line no-control-regex
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  return lines[0] ?? '';
}

async function unchanged<T>(work: () => Promise<T>): Promise<T> {
  const before: Counts = await counts(reader);
  const came = await work();
  expect(await counts(reader)).toEqual(before);
  return came;
}

type Row = readonly [name: string, words: readonly string[], code: number, line: RegExp];

const asks = (model: string, version: string): string[] => [
  'promote',
  '--model-name',
  model,
  '--version',
  version,
  ...promote('', 'registered', 'staging').slice(5),
];
const semver = (given: string): Row => [
  `C2 the version ${JSON.stringify(given)}`,
  asks(MODEL, given),
  2,
  /--version; given: ".*"; allowed: semver.*did you mean 1\.2\.0\?/,
];
const named = (what: string, given: string): Row => [
  `${what} as a name`,
  asks(given, '1.2.0'),
  2,
  /--model-name; given: ".*"; allowed: \[a-z0-9_-\]\{1,64\}/,
];
const rollback = (...more: string[]) => ['rollback', ...OF, '--approver', PEOPLE.devops, ...more];

const ROWS: readonly Row[] = [
  [
    'C1 an unknown model',
    asks('alzheimer_clasifier', '1.2.0'),
    2,
    /not registered; .*known: alz.*did you mean alzheimer_classifier/,
  ],
  ['C1 an unknown version', asks(MODEL, '1.2.1'), 2, /1\.2\.1 is not registered; .*known versions: .*1\.2\.0/],
  ...['1.2', 'v1.2.0', '01.2.0', '1.2.0 '].map(semver),
  named('C3 SQL', `a'; DROP TABLE model_registry;--`),
  named('C4 a line end', 'a\nb'),
  named('C4 a direction override', 'a\u202eb'),
  named('C4 10,000 characters', 'a'.repeat(10_000)),
  ['C5 what is in production already', promote('1.2.0', 'staging', 'production'), 5, /already production since 20/],
  ['C6 registered to production', promote('1.1.0', 'registered', 'production'), 3, /allowed: next stages: staging/],
  ['C6 none to production', promote('1.1.0', 'none', 'production'), 3, /allowed: next stages: staging/],
  ['C6 staging to archived', promote('1.4.0', 'staging', 'archived'), 3, /allowed: next stages: production/],
  ['C7 a second promotion of a version', promote('1.4.0', 'registered', 'staging'), 5, new RegExp(`promotion ${MODEL}/1.4.0/1`)],
  ['C10 a rollback without a reason', rollback(), 2, /--reason <R>' not specified/],
  ['C10 an empty reason', rollback('--reason', ''), 2, /--reason; given: none; allowed: 10–2,000 characters/],
  ['C10 a blank reason', rollback('--reason', ' '.repeat(20)), 2, /allowed: 10–2,000 characters/],
  ['C10 a reason of 100 kB', rollback('--reason', 'x'.repeat(100_000)), 2, /given: 100000 characters/],
  [
    'C10 a rejection without a comment',
    decide('reject', '1.4.0', 'devops', PEOPLE.devops).slice(0, -2),
    2,
    /10–2,000 characters/,
  ],
  [
    'C11 back to what is in production',
    rollback('--to-version', '1.2.0', '--reason', WHY),
    3,
    /is in production; .*valid targets: none/,
  ],
  [
    'C11 back to what never was',
    rollback('--to-version', '1.1.0', '--reason', WHY),
    3,
    /never in production; .*valid targets: none/,
  ],
  ['C13 an unknown flag', ['status', '--force'], 2, /unknown option '--force'/],
  ['C13 a flag twice with two values', ['status', ...OF, '--model-name', 'other'], 2, /--model-name is given twice/],
  ['C13 an unknown verb', ['promot'], 2, /no such verb; given: "promot"; .*did you mean promote\?/],
  ['S7 the gate of another group', decide('approve', '1.4.0', 'devops', PEOPLE.security), 4, /decided by group devops/],
  ['S10 a rejection after the change', decide('reject', '1.2.0', 'devops', PEOPLE.devops), 5, /gates are open in staging only/],
  [
    'S12 a comment of 65 KiB',
    [...decide('approve', '1.4.0', 'devops', PEOPLE.devops), '--comment', 'x'.repeat(66_560)],
    2,
    /at most 2,000/,
  ],
  [
    'Y12 a policy signed by somebody who is no admin',
    ['policy', 'register', join(EXAMPLE, 'policy.yaml'), '--approver', PEOPLE.mlops],
    4,
    /right to policy; .*allowed: groups admin/,
  ],
];

describe('what is refused changes nothing and says so in one line', { timeout: 120_000 }, () => {
  it.each(ROWS)('%s', async (_, words, code, line) => {
    const ran = await unchanged(() => stack.cli(...words));
    expect(ran.code, ran.stderr).toBe(code);
    expect(lineOf(ran)).toMatch(line);
  });

  it('C13 --json answers one document on stdout, whatever is wrong', async () => {
    for (const [, words, code] of ROWS.filter((_, i) => i % 4 === 0)) {
      const ran = await unchanged(() => stack.cli(...words, '--json'));
      expect(ran.code).toBe(code);
      expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code } });
    }
  });

  it('C8 and C9: a key that is not the approver’s, or cannot be used, each in its own words', async () => {
    const { keys } = stack.connection;
    const open = join(stack.dir, 'open.jwk.json');
    copyFileSync(join(keys, `${PEOPLE.devops}.jwk.json`), open);
    chmodSync(open, 0o640);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
    const written = (name: string, text: string): string => {
      writeFileSync(join(stack.dir, name), text, { mode: 0o600 });
      return join(stack.dir, name);
    };
    const files: readonly (readonly [string, RegExp])[] = [
      [join(keys, 'omar.devops@duetmind.example.jwk.json'), /--approver says olga.*the key belongs to omar/],
      [join(stack.dir, 'none.jwk.json'), /there is no key file/],
      [open, /open to other users; given: mode 0640; allowed: mode 0600/],
      [written('locked.jwk.json', '-----BEGIN ENCRYPTED PRIVATE KEY-----'), /passphrase/],
      [written('rsa.jwk.json', JSON.stringify(rsa)), /a key of another kind; given: "RSA"/],
    ];
    for (const [file, line] of files) {
      const env = { GATEHOUSE_DATA_DIR: stack.dir, GATEHOUSE_KEY: file };
      const ran = await unchanged(() => told(env, ...decide('approve', '1.4.0', 'devops', PEOPLE.devops)));
      expect(ran.code, ran.stderr).toBe(4);
      expect(lineOf(ran)).toMatch(line);
    }
  });

  it('C12 what is away is named with its address and without its password', async () => {
    const { readUrl, temporal, store } = stack.connection;
    const here = {
      GATEHOUSE_DATA_DIR: stack.dir,
      GATEHOUSE_READ_URL: readUrl,
      TEMPORAL_ADDRESS: temporal.address,
      GATEHOUSE_STORE: store,
    };
    const nowhere = readUrl.replace(/:\d+\//, ':1/');
    const cases = [
      [{ ...here, GATEHOUSE_READ_URL: nowhere }, /PostgreSQL on 127\.0\.0\.1:1\/gatehouse does not answer/],
      [{ ...here, TEMPORAL_ADDRESS: '127.0.0.1:1' }, /Temporal on 127\.0\.0\.1:1, namespace default, does not answer/],
      [{ ...here, TEMPORAL_NAMESPACE: 'elsewhere' }, /namespace elsewhere, is not there; next: check TEMPORAL_NAMESPACE/],
    ] as const;
    for (const [env, line] of cases) {
      const ran = await unchanged(() => told(env, ...asks(MODEL, '1.1.0')));
      expect(ran.code, ran.stderr).toBe(6);
      expect(lineOf(ran)).toMatch(line);
      expect(ran.stderr).not.toContain(new URL(readUrl).password);
    }
  });

  it('Y a policy that cannot be used is refused with its line, and the policy on the record stays', async () => {
    const file = join(stack.dir, 'bad.yaml');
    const texts: readonly (readonly [string, number, RegExp])[] = [
      ['thresholds: { accuracy: { min: 85 } }', 2, /bad\.yaml:2:\d+: .*must be 0–1; did you mean 0\.85 or 85%/],
      ['thresholds: { accuracy: { min: .nan } }', 2, /finite number/],
      ['thresholds: { acuracy: { min: 0.9 } }', 2, /unknown key; did you mean accuracy\?/],
      ['soak: { min: 7d }\nsoak: { min: 8d }', 2, /written twice, on lines 2 and 3/],
      [`contacts: ${'['.repeat(10_000)}`, 2, /nested more than 32 deep/],
      ['__proto__: { min: 1 }', 2, /no file may use this key/],
      ['soak: !!js/function "x"', 2, /tags .* are not read/],
      ['gates: { devops: {}, business: {}, security: {} }', 3, /four distinct gates required.*missing: data-science/],
      ['soak: { min: 1 fortnight }', 2, /must be a duration with its unit/],
      ['alerts: { warning: { accuracy_drop: 6% } }', 2, /bad\.yaml:2:.*must not be more than .*_defaults\.yaml:\d+/],
      ['soak:\n\tmin: 7d', 2, /a tab at the start of a line/],
    ];
    for (const [text, code, line] of texts) {
      writeFileSync(file, `model: ${MODEL}\n${text}\n`);
      const ran = await unchanged(() => stack.cli('policy', 'register', file, '--approver', 'alice.admin@duetmind.example'));
      expect(ran.code, ran.stderr).toBe(code);
      expect(lineOf(ran)).toMatch(line);
    }
    writeFileSync(file, Buffer.alloc(50_000_000, 32));
    expect(lineOf(await unchanged(() => stack.cli('policy', 'check', file)))).toMatch(/^2: /);
  });

  it('Y11 a policy registered meanwhile leaves an attempt on the one it was pinned to', async () => {
    const digestOf = async () =>
      (
        await reader.query(`SELECT p.digest FROM promotion a JOIN policy p ON p.seq = a.policy_seq WHERE a.id = $1`, [
          `${MODEL}/1.4.0/1`,
        ])
      ).rows;
    const before = await digestOf();
    const file = join(stack.dir, 'longer.yaml');
    writeFileSync(file, `model: ${MODEL}\nsoak: { min: 8d }\n`);
    await stack.json(0, 'policy', 'register', file, '--approver', 'alice.admin@duetmind.example');
    expect(await digestOf()).toEqual(before);
  });

  it('S13 a comment is kept exactly and obeyed by nothing that shows it', async () => {
    const comment = 'fine\r\nBcc: x@y.example\n<!channel> <script>alert(1)</script> \u001b[31mred\u202e';
    const approved = await stack.cli(...decide('approve', '1.4.0', 'devops', PEOPLE.devops), '--comment', comment);
    expect(approved.code, approved.stderr).toBe(0);
    const { events } = await stack.json<{ events: { detail: { comment?: string } }[] }>(0, 'audit', 'list');
    expect(events.at(-1)?.detail.comment).toBe(comment);
    const shown = await stack.cli('audit', 'list');
    for (const { stdout } of [approved, shown]) {
      expect(stdout).toContain('\\u001b[31mred');
      // oxlint-disable-next-line no-control-regex
      expect(stdout).not.toMatch(/[\u001b\r\u202e]|^Bcc/m);
    }
  });
});

describe('what the stack stands on', { timeout: 120_000 }, () => {
  it('doctor finds nothing wrong with it, and changes nothing', async () => {
    const found = await unchanged(() => stack.json<{ ok: boolean; checks: { id: string; ok: boolean | null }[] }>(0, 'doctor'));
    expect(found.checks.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(found.checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'schema',
        'reader-login',
        'worker-login',
        'search-attributes',
        'pollers',
        'clock',
        'store',
        'keys',
      ]),
    );
  });

  it('doctor says that a namespace is not there, lacks its search attributes, or that nobody polls in it', async () => {
    const { readUrl, temporal, store } = stack.connection;
    const examined = async (namespace: string) => {
      const there = { GATEHOUSE_READ_URL: readUrl, TEMPORAL_ADDRESS: temporal.address, GATEHOUSE_STORE: store };
      const ran = await told({ ...there, TEMPORAL_NAMESPACE: namespace }, 'doctor', '--json');
      expect(ran.code).toBe(6);
      lineOf(ran);
      const { checks } = JSON.parse(ran.stdout) as { checks: { id: string; ok: boolean | null; next: string }[] };
      return (id: string) => checks.find((each) => each.id === id);
    };
    expect((await examined('quiet'))('namespace')).toMatchObject({ ok: false, next: 'check TEMPORAL_NAMESPACE' });
    const connection = await Connection.connect({ address: temporal.address });
    await connection.workflowService.registerNamespace({
      namespace: 'quiet',
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    await connection.close();
    // The server takes a while to know a new namespace everywhere.
    const found = await eventually(async () => {
      const of = await examined('quiet');
      return of('pollers')?.next.startsWith('start gatehouse worker,') && of;
    });
    expect(found('namespace')).toMatchObject({ ok: true });
    const create = /search-attribute create --namespace quiet .*--name Stage --type Keyword/;
    expect(found('search-attributes')?.next).toMatch(create);
  });

  it.each([
    [
      'D4 a newer schema',
      `INSERT INTO schema_migration VALUES (99, 'tomorrow', '', now())`,
      /newer: it has migration 99 \(tomorrow\)/,
    ],
    [
      'D4 an older schema',
      `DELETE FROM schema_migration WHERE version = 99 OR name = 'grants'`,
      /older: it lacks migration 6 \(grants\).*gatehouse migrate/,
    ],
  ])('%s: no worker starts, and it names the migration', async (_, sql, line) => {
    const { rows } = await reader.query('SELECT * FROM schema_migration ORDER BY version');
    await asSuperuser(stack, sql);
    const { workerUrl, temporal, store } = stack.connection;
    const ran = await told({ DATABASE_URL: workerUrl, TEMPORAL_ADDRESS: temporal.address, GATEHOUSE_STORE: store }, 'worker');
    await asSuperuser(stack, 'DELETE FROM schema_migration');
    const kept = JSON.stringify(rows).replaceAll("'", "''");
    await asSuperuser(
      stack,
      `INSERT INTO schema_migration SELECT * FROM json_populate_recordset(NULL::schema_migration, '${kept}')`,
    );
    expect(ran.code, ran.stderr).toBe(6);
    expect(lineOf(ran)).toMatch(line);
    expect((await stack.cli('doctor')).code).toBe(0);
  });

  it('D8 a version row deleted by hand while in production: nobody takes its place, and verify and doctor say so', async () => {
    await asSuperuser(stack, `SET session_replication_role = replica; DELETE FROM model_version_detail WHERE version = '1.2.0'`);
    const resolved = await stack.cli('resolve', ...OF, '--stage', 'production', '--approver', PEOPLE.mlops);
    expect(resolved.code).toBe(5);
    expect(lineOf(resolved)).toMatch(/0 versions in production/);
    expect((await stack.cli(...rollback('--reason', WHY))).code).toBe(3);
    const asked = await stack.cli(...asks(MODEL, '1.1.0'), '--wait');
    expect(asked.code).toBe(3);
    expect(lineOf(asked)).toMatch(/not-worse-than-production.*1\.2\.0 was put into production last/);
    const verified = await stack.cli('audit', 'verify');
    expect(verified.code).toBe(3);
    expect(verified.stdout).toMatch(/version .*1\.2\.0 is on the trail and not on the record/);
    const examined = await stack.cli('doctor');
    expect(examined.code).toBe(6);
    expect(lineOf(examined)).toMatch(/production.*gatehouse audit verify/);
  });
});
