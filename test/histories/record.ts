// Records one history for every ending of a promotion, for test/replay: npx tsx test/histories/record.ts (after npm run build).
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { decideSignal, decideUpdate, recordChangedSignal } from '../../workflows/messages.js';
import { clientOf, signFor } from '../support/decisions.js';
import { flood, junkSignal } from '../support/flood.js';
import { approveAll, decide, GATE_PEOPLE, intoProduction, PEOPLE, promote, registerExample, stage, status, untilStage } from '../support/promotion.js';
import { down, eventually, EXAMPLE, MODEL, up, type RunningStack } from '../support/stack.js';
import { keep, untilDone, withoutPlaces } from './keep.js';

const here = import.meta.dirname;

const runOf = (version: string, attempt: number) => `promotion/${MODEL}/${version}/${attempt}`;

const REASON = 'it misses too many patients';
const byHand = (act: string, version: string) => [
  act,
  '--model-name',
  MODEL,
  '--version',
  version,
  '--reason',
  REASON,
  '--approver',
  PEOPLE.mlops,
];

async function waitedFor(stack: RunningStack, version: string): Promise<string[]> {
  const { versions } = await status(stack);
  return versions.find((each) => each.version === version)?.promotion?.waitingFor ?? [];
}

/** Damages the stored model of a version and answers how to mend it. */
async function damage(stack: RunningStack, version: string): Promise<() => void> {
  const yaml = readFileSync(join(EXAMPLE, 'packages', version, 'model.yaml'), 'utf8');
  const digest = /path: model\.onnx[^}]*?sha256: ([0-9a-f]{64})/s.exec(yaml)?.[1] ?? '';
  const path = join(stack.connection.store, 'sha256', digest.slice(0, 2), digest);
  const good = readFileSync(path);
  chmodSync(path, 0o644);
  appendFileSync(path, 'x');
  return () => writeFileSync(path, good);
}

/** Junk of every kind and one decision among it, all by signal; then the requester withdraws. */
async function keepFlooded(stack: RunningStack, version: string, attempt: number): Promise<void> {
  const { client, close } = await clientOf(stack);
  const [gate, email] = GATE_PEOPLE[0];
  const envelope = await signFor(stack, client, `${MODEL}/${version}/${attempt}`, { gate, email });
  const junk = junkSignal(runOf(version, attempt), envelope, ['forged', 'unreadable', 'nudge', 'unknown name']);
  const run = client.workflow.getHandle(runOf(version, attempt));
  const send = (each: Client, at: number) => (at === 100 ? run.signal(decideSignal, { envelope }) : junk(each, at));
  await flood(stack, { count: 200, clients: 4, send });
  await close();
  await eventually(async () => {
    const { versions } = await status(stack);
    const gates = versions.find((each) => each.version === version)?.promotion?.gates ?? [];
    return gates.some(({ state }) => state === 'approved') || undefined;
  });
  await stack.json(0, ...byHand('withdraw', version));
  await untilDone(stack, runOf(version, attempt));
  await keep(stack, 'flooded', runOf(version, attempt));
}

const stack = await up();
try {
  await registerExample(stack, 'policy-relaxed.yaml');

  await stack.json(0, 'register', join(EXAMPLE, 'packages', '1.1.0'), '--approver', PEOPLE.mlops);
  await stack.cli(...promote('1.1.0', 'registered', 'staging'), '--wait');
  await keep(stack, 'rejected-by-checks', runOf('1.1.0', 1));

  await stage(stack, '1.2.0');
  await stack.json(0, ...decide('reject', '1.2.0', 'security', PEOPLE.security));
  await keep(stack, 'rejected-by-a-gate', runOf('1.2.0', 1));

  await stack.json(0, ...promote('1.2.0', 'rejected', 'staging'), '--wait');
  await stack.json(0, 'clock', 'advance', '10m');
  await untilStage(stack, '1.2.0', 'expired');
  await keep(stack, 'expired', runOf('1.2.0', 2));

  await stack.json(0, ...promote('1.2.0', 'expired', 'staging'), '--wait');
  const mend = await damage(stack, '1.2.0');
  await untilStage(stack, '1.2.0', 'rejected');
  mend();
  await keep(stack, 'rejected-by-staging-health', runOf('1.2.0', 3));

  await stack.json(0, ...promote('1.2.0', 'rejected', 'staging'), '--wait');
  await stack.json(0, 'policy', 'register', join(EXAMPLE, 'policy.yaml'), '--approver', 'alice.admin@duetmind.example');
  // Another policy, both ends of the soak moved, and at last the requester's own word.
  for (const act of ['repin', 'pause', 'resume', 'extend']) await stack.json(0, ...byHand(act, '1.2.0'));
  await eventually(async () => (await waitedFor(stack, '1.2.0')).every((what) => !what.startsWith('check ')));
  await stack.json(0, ...byHand('withdraw', '1.2.0'));
  await untilDone(stack, runOf('1.2.0', 4));
  await keep(stack, 'withdrawn', runOf('1.2.0', 4));

  await stack.json(0, ...promote('1.2.0', 'withdrawn', 'staging'), '--wait');
  await keepFlooded(stack, '1.2.0', 5);

  await stack.json(0, ...promote('1.2.0', 'withdrawn', 'staging'), '--wait');
  // By signal as well, junk included, and one approval taken back.
  await stack.temporal('workflow', 'signal', '-w', runOf('1.2.0', 6), '--name', 'decide', '--input', '"junk"');
  await stack.json(0, ...decide('approve', '1.2.0', 'devops', PEOPLE.devops));
  await stack.json(0, ...decide('retract', '1.2.0', 'devops', PEOPLE.devops));
  await approveAll(stack, '1.2.0');
  await stack.json(0, 'clock', 'advance', '7d');
  await untilStage(stack, '1.2.0', 'production');
  await intoProduction(stack, '1.4.0');
  await untilDone(stack, runOf('1.2.0', 6));
  await keep(stack, 'archived', runOf('1.2.0', 6));
  await eventually(async () => (await status(stack)).production === '1.4.0' || undefined);
  await keep(stack, 'in-production', runOf('1.4.0', 1));

  await stage(stack, '1.5.0');
  const { client, close } = await clientOf(stack);
  const workflowId = runOf('1.5.0', 1);
  const run = client.workflow.getHandle(workflowId);
  const { runId } = await run.describe();
  for (let nudge = 0; nudge < 500; nudge += 1) await run.signal(recordChangedSignal);
  await eventually(async () => (await run.describe()).runId !== runId || undefined);
  const shown = await stack.temporal('workflow', 'show', '-w', workflowId, '-r', runId, '--output', 'json');
  writeFileSync(join(here, 'continued-as-new.json'), withoutPlaces(shown.stdout));

  await stack.json(0, 'clock', 'advance', '7d');
  const signed = await Promise.all(
    GATE_PEOPLE.map(([gate, email]) => signFor(stack, client, `${MODEL}/1.5.0/1`, { gate, email })),
  );
  await Promise.all(
    signed.flatMap((envelope) => [
      run.executeUpdate(decideUpdate, { args: [{ envelope }] }),
      run.signal(decideSignal, { envelope }),
    ]),
  );
  await untilStage(stack, '1.5.0', 'production');
  await keep(stack, 'decided-at-once', workflowId);
  await close();

  // `notice.json` is of before the channels were side by side, `rollback.json` and `retirement.json` of before the follow-ups were;
  // they are kept as they are, and `record-watch.ts` records those of after.
  await keep(stack, 'notice-over-channels', `notice/${MODEL}/1.1.0/1/rejected`);

  const acts = await stack.temporal('workflow', 'list', '-o', 'json', '--query', `WorkflowType = 'act'`, '--limit', '1');
  await keep(stack, 'act', (JSON.parse(acts.stdout) as { execution: { workflowId: string } }[])[0]?.execution.workflowId ?? '');
} finally {
  await down(stack);
}
