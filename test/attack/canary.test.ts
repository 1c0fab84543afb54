import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACTS } from '../../domain/acts.js';
import { signEnvelope } from '../../platform/envelope.js';
import { keyPath, loadKey } from '../../platform/keys.js';
import { openPool } from '../../platform/pool.js';
import { openStore } from '../../platform/store.js';
import { clientOf } from '../support/decisions.js';
import { decide, GATE_PEOPLE, PEOPLE, promote, stage, status, untilStage } from '../support/promotion.js';
import { down, eventually, EXAMPLE, MODEL, up, type RunningStack } from '../support/stack.js';

/** Each stands in one place that is nobody's business, and must be found nowhere else. */
const CANARY = {
  environment: 'canary-of-an-environment-variable',
  folder: 'canary-of-a-folder-name',
  card: 'canary-of-a-model-card',
  comment: 'canary-of-a-comment',
  yamlComment: 'canary-of-a-yaml-comment',
  contact: 'canary-of-a-contact@example.org',
  phone: '+1-555-CANARY',
  cell: 'canary-of-a-patient',
  row: 'canary-of-a-broken-row',
  wrongYaml: 'canary-of-a-refused-file',
} as const;

let stack: RunningStack;
let files: string;
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Changes a file and answers its new digest. */
function edit(path: string, change: (text: string) => string): string {
  const text = change(readFileSync(path, 'utf8'));
  writeFileSync(path, text);
  return sha256(text);
}

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-canary-'));
  const dir = join(root, CANARY.folder);
  mkdirSync(dir);
  process.env['GATEHOUSE_SOMETHING'] = CANARY.environment;
  stack = await up(dir, { SECRET: CANARY.environment, GATEHOUSE_UNKNOWN: CANARY.environment });
  files = join(root, `example-${CANARY.folder}`);
  cpSync(EXAMPLE, files, { recursive: true });

  const dana = stack.connection.people[0];
  expect(dana).toBeDefined();
  edit(join(files, 'policy.yaml'), (text) =>
    text.replace('ds-team@duetmind.ai', CANARY.contact).replace('+1-555-ML-ALERT', CANARY.phone),
  );
  for (const version of ['1.2.0', '1.4.0']) {
    const folder = join(files, 'packages', version);
    const before = sha256(readFileSync(join(folder, 'MODEL_CARD.md')));
    const card = edit(join(folder, 'MODEL_CARD.md'), (text) => `${text}\n${CANARY.card}\n`);
    edit(join(folder, 'model.yaml'), (text) => text.replace(before, card).concat(`# ${CANARY.yamlComment}\n`));
  }
});
afterAll(async () => {
  delete process.env['GATEHOUSE_SOMETHING'];
  await down(stack);
});

const file = (...names: string[]) => join(files, ...names);

async function register(): Promise<void> {
  await stack.json(0, 'feature-view', 'register', file('feature-view.yaml'), '--approver', PEOPLE.mlops);
  await stack.json(0, 'dataset', 'register', file('training-set.yaml'), '--approver', PEOPLE.mlops);
  await stack.json(0, 'dataset', 'register', file('holdout-set.yaml'), '--approver', PEOPLE.mlops);
  await stack.json(0, 'policy', 'register', file('policy.yaml'), '--approver', 'alice.admin@duetmind.example');
}

/** Signs and sends a policy that the command line itself would not send. */
async function registerRefused(): Promise<void> {
  const { digest } = await openStore(stack.connection.store).putBytes(
    Buffer.from(`model: ${MODEL}\nthresholds: { accuracy: { min: "${CANARY.wrongYaml}" } }\n${CANARY.wrongYaml}: 1\n`),
  );
  const reader = openPool(stack.connection.readUrl, 'test');
  const { rows } = await reader.query<{ id: string; environment: string; now: string }>(
    'SELECT id, environment, gatehouse_now() AS now FROM installation',
  );
  await reader.end();
  const email = 'alice.admin@duetmind.example';
  const issued = rows[0]?.now ?? '';
  const payload = {
    typ: ACTS.policy.typ,
    model: MODEL,
    file: digest,
    installation: rows[0]?.id ?? '',
    environment: rows[0]?.environment ?? '',
    person: email,
    printed_name: stack.connection.people.find((person) => person.email === email)?.name ?? '',
    nonce: crypto.randomUUID(),
    issued,
    expires: new Date(Date.parse(issued) + 600_000).toISOString(),
  };
  const envelope = await signEnvelope(payload, await loadKey(keyPath(stack.connection.keys, email)));
  const input = JSON.stringify({ envelope });
  const act = ['--type', 'act', '-w', `act/${sha256(envelope)}`, '--task-queue', 'gatehouse', '--input', input];
  expect((await stack.temporal('workflow', 'execute', ...act)).stdout).toMatch(/"accepted":\s*false/);
}

/** Every history there is, closed ones too, with what is in their payloads readable. */
async function histories(): Promise<Map<string, string>> {
  const { client, close } = await clientOf(stack);
  const all = new Map<string, string>();
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const text = historyToJSON(history).replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
      JSON.stringify(Buffer.from(data, 'base64').toString('utf8')),
    );
    all.set(`${workflowId} ${runId}`, text);
  }
  await close();
  return all;
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'latin1') : '';
}

/** Which of the strings stand in which of the texts, with what is around them. */
function found(texts: Iterable<readonly [string, string]>, strings: readonly string[]): string[] {
  return [...texts].flatMap(([place, text]) =>
    strings
      .filter((each) => text.includes(each))
      .map((each) => `${place}: …${text.slice(Math.max(0, text.indexOf(each) - 120), text.indexOf(each) + 60)}…`),
  );
}

async function asSuperuser(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: stack.owner.superuserUrl });
  await client.connect();
  try {
    for (const statement of ['SET session_replication_role = replica', ...statements]) await client.query(statement);
  } finally {
    await client.end();
  }
}

it(
  'lives through registrations, refusals, a soak, decisions with comments and a change of production',
  { timeout: 300_000 },
  async () => {
    await register();
    await registerRefused();
    await stack.json(0, 'register', file('packages', '1.2.0'), '--approver', PEOPLE.mlops);
    await stack.json(0, ...promote('1.2.0', 'registered', 'staging'), '--wait');
    for (const [gate, person] of GATE_PEOPLE)
      await stack.json(0, ...decide('approve', '1.2.0', gate, person), '--comment', `${CANARY.comment}, and sound`);
    // One who may not.
    await stack.cli(...decide('approve', '1.2.0', 'security', PEOPLE.mlops), '--comment', CANARY.comment);
    await stack.json(0, 'clock', 'advance', '7d');
    await untilStage(stack, '1.2.0', 'production', 60_000);
  },
);

it('a data set with a text in it, a model that is not there, and a row that is broken', { timeout: 300_000 }, async () => {
  const holdout = file('data', 'holdout.csv');
  const digest = edit(holdout, (text) => {
    const [head = '', first = '', ...rest] = text.split('\n');
    return [head, first.replace(/^[^,]*/, CANARY.cell), ...rest].join('\n');
  });
  edit(file('holdout-set.yaml'), (text) =>
    text.replace('ad_holdout_2026_09', 'ad_holdout_broken').replace(/sha256: .*/, `sha256: ${digest}`),
  );
  await stack.json(0, 'dataset', 'register', file('holdout-set.yaml'), '--approver', PEOPLE.mlops);
  const folder = file('packages', '1.4.0');
  edit(join(folder, 'model.yaml'), (text) => text.replace('holdout: ad_holdout_2026_09', 'holdout: ad_holdout_broken'));
  await stack.json(0, 'register', folder, '--approver', PEOPLE.mlops);
  await stack.cli(...promote('1.4.0', 'registered', 'staging'), '--wait');
  await eventually(async () =>
    (await status(stack)).versions.some(({ version, stage: at }) => version === '1.4.0' && at === 'rejected'),
  );

  await stage(stack, '1.5.0');
  const where = `WHERE promotion_id = '${MODEL}/1.5.0/1' AND check_name = 'artifacts'`;
  await asSuperuser(
    'CREATE TABLE kept AS SELECT id, finding FROM check_result ' + where,
    `UPDATE check_result SET finding = '${CANARY.row}' ${where}`,
  );
  await stack.temporal('workflow', 'signal', '-w', `promotion/${MODEL}/1.5.0/1`, '--name', 'recordChanged');
  await eventually(async () => {
    const { stdout } = await stack.temporal('workflow', 'describe', '-w', `promotion/${MODEL}/1.5.0/1`, '-o', 'json');
    return /"lastFailure"/.test(stdout) || undefined;
  }, 60_000);
  await asSuperuser('UPDATE check_result c SET finding = k.finding FROM kept k WHERE k.id = c.id', 'DROP TABLE kept');
  await eventually(async () => {
    const { stdout } = await stack.temporal('workflow', 'describe', '-w', `promotion/${MODEL}/1.5.0/1`, '-o', 'json');
    return /"activityType": \{\s*"name": "standing"/.test(stdout) ? undefined : true;
  }, 60_000);
});

it('none of it is in a history or the file that Temporal keeps', async () => {
  const secrets = Object.values(stack.owner.passwords);
  const keys = readdirSync(stack.connection.keys).map((name) => {
    const { d } = JSON.parse(readFileSync(join(stack.connection.keys, name), 'utf8')) as { d?: string };
    return d ?? '';
  });
  expect(keys.every((key) => key.length > 20)).toBe(true);
  const all = await histories();
  expect(all.size).toBeGreaterThan(15);
  const names = stack.connection.people.map(({ name }) => name);
  const strings = [...Object.values(CANARY), ...secrets, ...keys];
  expect(found(all, [...strings, ...names, stack.dir])).toEqual([]);
  const database = ['temporal.db', 'temporal.db-wal', 'temporal.db-journal'].map(
    (name) => [name, textOf(join(stack.dir, name))] as const,
  );
  expect(found(database, strings)).toEqual([]);
});

it('nor in a log, a notice, the audit trail or what a run shows', async () => {
  const secrets = Object.values(stack.owner.passwords);
  const { folder: _folder, contact: _contact, phone: _phone, comment: _comment, ...never } = CANARY;
  const logs = readdirSync(join(stack.dir, 'logs')).map((name) => [name, textOf(join(stack.dir, 'logs', name))] as const);
  const { stdout: notices } = await stack.cli('audit', 'list', '--json');
  const pushed = textOf(join(dirname(stack.connection.store), 'notices.jsonl'));
  const { client, close } = await clientOf(stack);
  const shown = JSON.stringify(await client.workflow.getHandle(`promotion/${MODEL}/1.2.0/1`).query('progress'));
  await close();
  const texts = [...logs, ['audit list', notices], ['notices', pushed], ['progress', shown]] as const;
  expect(found(texts, [...Object.values(never), ...secrets])).toEqual([]);
});
