// Records a history for every ending of a watch and of what follows a change: npx tsx test/histories/record-watch.ts (after npm run build).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTraffic } from '../../dev/serving/traffic/traffic.js';
import { byHandWorkflowId } from '../../domain/ids.js';
import { openPool } from '../../platform/pool.js';
import { HOLDOUT } from '../support/endpoint.js';
import { approveAll, PEOPLE, registerExample, stage, untilStage } from '../support/promotion.js';
import { down, eventually, MODEL, up } from '../support/stack.js';
import { inProduction, switchFault, WATCHED_EVERY_SECOND } from '../support/watched.js';
import { keep, untilDone } from './keep.js';

const REASON = 'it misses too many patients';
const stack = await up();
const reader = openPool(stack.connection.readUrl, 'test');
const url = stack.connection.serving?.url ?? '';
const traffic = startTraffic({ url, model: MODEL, stage: 'production', rows: HOLDOUT, rate: 20, labelAfterMs: 0 });

const watchOf = (version: string) => `watch/${MODEL}/${version}/1`;

async function untilIncident(change: string): Promise<void> {
  await eventually(async () => {
    const { rows } = await reader.query<{ change: string }>(
      `SELECT change FROM incident WHERE condition = 'latency' ORDER BY seq DESC LIMIT 1`,
    );
    return rows[0]?.change === change;
  }, 60_000);
}

try {
  const policy = join(stack.dir, 'policy.yaml');
  writeFileSync(policy, WATCHED_EVERY_SECOND);
  await registerExample(stack, policy);
  for (const version of ['1.2.0', '1.4.0']) {
    await stage(stack, version);
    await approveAll(stack, version);
    await untilStage(stack, version, 'production');
    await eventually(async () => (await inProduction(reader)).windows > 2);
  }
  await untilDone(stack, `promotion/${MODEL}/1.2.0/1`);
  await keep(stack, 'archived-side-by-side', `promotion/${MODEL}/1.2.0/1`);
  await untilDone(stack, watchOf('1.2.0'));
  await keep(stack, 'watch-left', watchOf('1.2.0'));

  await switchFault(stack, '1.4.0', { fault: 'slow', ms: 300 });
  await untilIncident('opened');
  await switchFault(stack, '1.4.0', { fault: 'none' });
  await untilIncident('closed');
  await switchFault(stack, '1.4.0', { fault: 'failing' });
  await untilDone(stack, watchOf('1.4.0'));
  await keep(stack, 'watch-with-an-incident', watchOf('1.4.0'));
  const { key } = await inProduction(reader);
  await untilDone(stack, byHandWorkflowId(MODEL, key));
  await keep(stack, 'automatic-rollback', byHandWorkflowId(MODEL, key));

  await switchFault(stack, '1.4.0', { fault: 'none' });
  const because = ['--model-name', MODEL, '--reason', REASON, '--approver', PEOPLE.mlops];
  await stack.json(0, 'release', '--version', '1.4.0', ...because);
  const back = await stack.json<{ workflowId: string }>(0, 'rollback', '--to-version', '1.4.0', ...because);
  await untilDone(stack, back.workflowId);
  await keep(stack, 'rollback-side-by-side', back.workflowId);
  const retired = await stack.json<{ workflowId: string }>(0, 'retire', '--version', '1.4.0', ...because);
  await untilDone(stack, retired.workflowId);
  await keep(stack, 'retirement-side-by-side', retired.workflowId);
} finally {
  await traffic.stop();
  await reader.end();
  await down(stack);
}
