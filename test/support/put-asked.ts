import type { ActAnswer } from '../../workflows/messages.js';
import type { Asked, Person } from './reference-model.js';
import { MODEL } from './stack.js';
import type { World } from './world.js';

const HOUR_MS = 60 * 60_000;

/** Signs what a walk asks for and puts it to the program. */
export async function put(world: World, asked: Asked, { email }: Person): Promise<ActAnswer> {
  const reason = 'as the year went on it was so decided';
  switch (asked.act) {
    case 'decision': {
      const promotionId = `${MODEL}/${asked.promotion}`;
      const envelope = await world.signDecision(promotionId, email, asked.gate, asked.decision);
      return (await world.activities.decide({ promotionId, envelope })).answer;
    }
    case 'rollback': {
      const fields = { model: MODEL, from_version: asked.from ?? '', to_version: asked.to, reason };
      return world.act('rollback', email, fields);
    }
    case 'request':
      return world.act('request', email, { model: MODEL, version: asked.version, from_stage: asked.from, to_stage: 'staging' });
    case 'release':
    case 'retire':
      return world.act(asked.act, email, { model: MODEL, version: asked.version, reason });
    default: {
      const on = { model: MODEL, version: asked.version, promotion: asked.promotion && `${MODEL}/${asked.promotion}` };
      if (asked.act === 'promote') return world.act('promote', email, { ...on, from_stage: 'staging', to_stage: 'production' });
      if (asked.act === 'extend') return world.act('extend', email, { ...on, reason, by_ms: asked.hours * HOUR_MS });
      if (asked.act === 'repin') return world.act('repin', email, { ...on, reason, policy_digest: asked.policy });
      return world.act(asked.act, email, { ...on, reason });
    }
  }
}
