import { join, resolve } from 'node:path';
import { EXAMPLE, eventually, MODEL, type RunningStack } from './stack.js';

const AT = '@duetmind.example';

/** The demo people these tests speak as, by what they may do. */
export const PEOPLE = {
  mlops: `maria.mlops${AT}`,
  dataScience: `dana.datascience${AT}`,
  devops: `olga.devops${AT}`,
  business: `bea.business${AT}`,
  security: `sara.security${AT}`,
} as const;

export const GATE_PEOPLE = [
  ['data-science', PEOPLE.dataScience],
  ['devops', PEOPLE.devops],
  ['business', PEOPLE.business],
  ['security', PEOPLE.security],
] as const;

export interface Status {
  models: {
    model: string;
    production: string | null;
    versions: {
      version: string;
      stage: string;
      retentionUntil: string | null;
      promotion: {
        id: string;
        workflowId: string;
        state: string;
        soak: { earned: number; minEndsAt: string; maxEndsAt: string } | null;
        gates: { gate: string; state: string; by: string | null }[];
        waitingFor: string[];
      } | null;
    }[];
  }[];
}

/** Registers the example's feature view, data sets and policy, one of its own or another file. */
export async function registerExample(stack: RunningStack, policy = 'policy.yaml'): Promise<void> {
  await stack.json(0, 'feature-view', 'register', join(EXAMPLE, 'feature-view.yaml'), '--approver', PEOPLE.mlops);
  await stack.json(0, 'dataset', 'register', join(EXAMPLE, 'training-set.yaml'), '--approver', PEOPLE.mlops);
  await stack.json(0, 'dataset', 'register', join(EXAMPLE, 'holdout-set.yaml'), '--approver', PEOPLE.mlops);
  await stack.json(0, 'policy', 'register', resolve(EXAMPLE, policy), '--approver', `alice.admin${AT}`);
}

/** Registers a version and brings it into staging; its package is the example's, or lies in another folder. */
export async function stage(stack: RunningStack, version: string, packages = join(EXAMPLE, 'packages')): Promise<string> {
  await stack.json(0, 'register', join(packages, version), '--approver', PEOPLE.mlops);
  const asked = await stack.json<{ promotionId: string }>(0, ...promote(version, 'registered', 'staging'), '--wait');
  return asked.promotionId;
}

export function promote(version: string, from: string, to: string): string[] {
  return [
    'promote',
    '--model-name',
    MODEL,
    '--version',
    version,
    '--from-stage',
    from,
    '--to-stage',
    to,
    '--approver',
    PEOPLE.mlops,
  ];
}

export function decide(verb: 'approve' | 'reject' | 'retract', version: string, gate: string, approver: string): string[] {
  const comment = verb === 'reject' ? ['--comment', 'it misses too many patients'] : [];
  return [verb, '--model-name', MODEL, '--version', version, '--gate', gate, '--approver', approver, ...comment];
}

/** Four different people approve the four gates. */
export async function approveAll(stack: RunningStack, version: string): Promise<void> {
  for (const [gate, person] of GATE_PEOPLE) await stack.json(0, ...decide('approve', version, gate, person));
}

export async function status(stack: RunningStack): Promise<Status['models'][number]> {
  const { models } = await stack.json<Status>(0, 'status', '--model-name', MODEL);
  if (!models[0]) throw new Error('no model in status');
  return models[0];
}

export async function stageOf(stack: RunningStack, version: string): Promise<string | undefined> {
  return (await status(stack)).versions.find((each) => each.version === version)?.stage;
}

/** Waits until a version is in a stage. */
export async function untilStage(stack: RunningStack, version: string, stageName: string, withinMs = 30_000): Promise<void> {
  await eventually(async () => (await stageOf(stack, version)) === stageName, withinMs);
}

/** Brings a registered example version into production through all of it. */
export async function intoProduction(stack: RunningStack, version: string): Promise<string> {
  const id = await stage(stack, version);
  await approveAll(stack, version);
  await stack.json(0, 'clock', 'advance', '7d');
  await untilStage(stack, version, 'production');
  return id;
}

/** What must be true after anything at all: the trail is whole and exactly this version is in production. */
export async function soundWith(stack: RunningStack, production: string | null): Promise<void> {
  const verified = await stack.json<{ ok: boolean }>(0, 'audit', 'verify');
  if (!verified.ok) throw new Error(`audit verify: ${JSON.stringify(verified)}`);
  const now = await status(stack);
  const serving = now.versions.filter(({ stage: at }) => at === 'production').map(({ version }) => version);
  if (now.production !== production || serving.join() !== (production ?? ''))
    throw new Error(`in production: ${serving.join() || 'none'}`);
}
