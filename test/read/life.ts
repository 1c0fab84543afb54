import { GATES, type Gate } from '../../domain/policy.js';
import { MODEL } from '../support/stack.js';
import { members, type World } from '../support/world.js';

export const DAY = 24 * 60 * 60_000;
export const GROUP: Readonly<Record<Gate, string>> = {
  'data-science': 'ds-team',
  devops: 'devops',
  business: 'business',
  security: 'security',
};

/** Asks for a version's promotion and answers its id. */
export async function request(world: World, version: string, email: string): Promise<string> {
  const answer = await world.act('request', email, { model: MODEL, version, from_stage: 'registered', to_stage: 'staging' });
  if (answer.refusal) throw new Error(JSON.stringify(answer.refusal));
  return String(answer.result['promotionId']);
}

export { drive } from '../support/staged.js';

/** Approves a gate as the first or another member of its group. */
export async function approve(world: World, promotionId: string, gate: Gate, which = 0): Promise<string> {
  const person = (await members(world.db, GROUP[gate]))[which] ?? '';
  await world.activities.decide({ promotionId, envelope: await world.signDecision(promotionId, person, gate) });
  return person;
}

/** Approves every gate, each by a person of its group. */
export async function approveAll(world: World, promotionId: string): Promise<void> {
  for (const gate of GATES) await approve(world, promotionId, gate);
}
