import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKey, keyPath, loadKey, type SigningKey } from '../../platform/keys.js';
import { signEnvelope } from '../../platform/envelope.js';
import { ACTS, type ActPayload } from '../../domain/acts.js';
import { meaningOf } from '../../domain/statement.js';
import { GATES, type Gate } from '../../domain/policy.js';
import type { Progress } from '../../domain/progress.js';
import { decideSignal, decideUpdate, progressQuery, TASK_QUEUE } from '../../workflows/messages.js';
import {
  approveAll,
  GATE_PEOPLE,
  intoProduction,
  registerExample,
  soundWith,
  stage,
  status,
  untilStage,
} from '../support/promotion.js';
import { seeded } from '../support/seeded.js';
import { down, eventually, MODEL, up, type RunningStack } from '../support/stack.js';

/** Attempts to forge a decision; `GATEHOUSE_TESTS=all GATEHOUSE_FORGERIES=1000 npx vitest run test/attack/forgeries.test.ts` makes all of promise R10. */
const ATTEMPTS = Number(process.env['GATEHOUSE_FORGERIES'] ?? 80);
const SEED = 20261128;

let stack: RunningStack;
let connection: Connection;
let client: Client;
let handle: WorkflowHandle;
let progress: Progress;
const id = `${MODEL}/1.4.0/1`;

beforeAll(async () => {
  stack = await up();
  await registerExample(stack);
  await intoProduction(stack, '1.2.0');
  await stage(stack, '1.4.0');
  connection = await Connection.connect({ address: stack.connection.temporal.address });
  client = new Client({ connection, namespace: stack.connection.temporal.namespace });
  handle = client.workflow.getHandle(`promotion/${id}`);
  progress = await eventually(async () => (await handle.query(progressQuery)) ?? undefined);
});
afterAll(async () => {
  await connection.close();
  await down(stack);
});

function statement(gate: Gate, person: string, change: ActPayload = {}): ActPayload {
  const asks = progress.gates.find((each) => each.gate === gate)?.asks ?? '';
  return {
    ...(progress.statement as unknown as ActPayload),
    typ: ACTS.decision.typ,
    gate,
    decision: 'approve',
    meaning: meaningOf('approve', gate, asks),
    comment: '',
    person,
    printed_name: stack.connection.people.find(({ email }) => email === person)?.name ?? '',
    nonce: crypto.randomUUID(),
    issued: progress.asOf,
    expires: progress.decideUntil ?? '',
    ...change,
  };
}

/** The ways in which an approval is made that its person did not give. */
type Forgery = (gate: Gate, person: string, rnd: () => number) => Promise<string>;
const FORGERIES: Readonly<Record<string, Forgery>> = {
  'by a key of its own': async (gate, person) => signEnvelope(statement(gate, person), await generateKey()),
  "under the person's kid": async (gate, person) => {
    const { kid } = await keyOf(person);
    return signEnvelope(statement(gate, person), { ...(await generateKey()), kid });
  },
  "by another gate's person": async (gate) => {
    const [, other] = GATE_PEOPLE.find(([each]) => each !== gate) ?? GATE_PEOPLE[0];
    return signEnvelope(statement(gate, other), await keyOf(other));
  },
  'in the name of another person': async (gate, person) => {
    const [, other] = GATE_PEOPLE.find(([each]) => each !== gate) ?? GATE_PEOPLE[0];
    return signEnvelope(statement(gate, person), await keyOf(other));
  },
  'over another statement': async (gate, person, rnd) => {
    const fields = [
      'installation',
      'environment',
      'promotion',
      'round',
      'version',
      'artifact_digest',
      'feature_hash',
      'evidence_digest',
      'policy_digest',
    ];
    const field = fields[Math.floor(rnd() * fields.length)] ?? '';
    const value = field === 'round' ? 2 : field.includes('digest') || field === 'feature_hash' ? 'b'.repeat(64) : '9.9.9';
    return signEnvelope(statement(gate, person, { [field]: value }), await keyOf(person));
  },
  'with a changed byte': async (gate, person, rnd) => {
    const good = await signEnvelope(statement(gate, person), await keyOf(person));
    const [header, payload, signature] = good.split('.') as [string, string, string];
    const bytes = Buffer.from(signature, 'base64url');
    const at = Math.floor(rnd() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(rnd() * 8));
    return [header, payload, bytes.toString('base64url')].join('.');
  },
  'out of date': async (gate, person) =>
    signEnvelope(statement(gate, person, { expires: '2020-01-01T00:00:00.000Z' }), await keyOf(person)),
  'of no form': () => Promise.resolve('nothing that can be read'),
};

const keys = new Map<string, Promise<SigningKey>>();
function keyOf(email: string): Promise<SigningKey> {
  const known = keys.get(email) ?? loadKey(keyPath(stack.connection.keys, email));
  keys.set(email, known);
  return known;
}

/** The ways in which it is sent. */
const VERBS: Readonly<Record<string, (envelope: string, n: number) => Promise<unknown>>> = {
  signal: (envelope) => handle.signal(decideSignal, { envelope }),
  update: (envelope) => handle.executeUpdate(decideUpdate, { args: [{ envelope }] }),
  'signal with start': (envelope, n) =>
    client.workflow.signalWithStart('promotion', {
      workflowId: `promotion/forged/${n % 10}`,
      taskQueue: TASK_QUEUE,
      args: [{ promotionId: id }],
      signal: decideSignal,
      signalArgs: [{ envelope }],
    }),
  'an act started by hand': (envelope, n) =>
    client.workflow.execute('act', { workflowId: `act/forged/${n}`, taskQueue: TASK_QUEUE, args: [{ envelope }] }),
};

describe(`${ATTEMPTS} forged approvals over every verb (promises R10)`, () => {
  it('change nothing and count for nothing, and the four real ones still do', async () => {
    const rnd = seeded(SEED);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(rnd() * from.length)] as T;
    const accepted: string[] = [];
    const attempt = async (n: number) => {
      const [gate, person] = pick(GATE_PEOPLE);
      const [how, verb] = [pick(Object.keys(FORGERIES)), pick(Object.keys(VERBS))];
      const envelope = await (FORGERIES[how] as Forgery)(gate, person, rnd);
      const answer = (await VERBS[verb]?.(envelope, n).catch(() => undefined)) as { accepted?: boolean } | undefined;
      if (answer?.accepted === true) accepted.push(`${how}, by ${verb}`);
    };
    for (let n = 0; n < ATTEMPTS; n += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => attempt(n + i)));
    expect(accepted).toEqual([]);
    const version = (await status(stack)).versions.find((each) => each.version === '1.4.0');
    expect(version?.promotion?.gates.map(({ state }) => state)).toEqual(GATES.map(() => 'open'));
    const { events } = await stack.json<{ events: { action: string; subject: string }[] }>(0, 'audit', 'list');
    expect(events.filter(({ action }) => action === 'act.refused').length).toBeGreaterThanOrEqual(20);
    expect(events.filter(({ action }) => action.startsWith('decision.') && action !== 'act.refused')).toHaveLength(4);
    await soundWith(stack, '1.2.0');

    await approveAll(stack, '1.4.0');
    await stack.json(0, 'clock', 'advance', '7d');
    await untilStage(stack, '1.4.0', 'production', 60_000);
    await soundWith(stack, '1.4.0');
  });
});
