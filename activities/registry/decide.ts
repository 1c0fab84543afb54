import type { ActAnswer } from '../../workflows/messages.js';
import { applyEnvelope } from './apply.js';
import type { Deps } from './deps.js';
import { settled } from './settle.js';
import { standingOf, type Standing } from './standing.js';

/** The verdict on a decision, and what the attempt needs after it; null after a refusal, which changes nothing. */
export interface Decided {
  readonly answer: ActAnswer;
  readonly standing: Standing | null;
}

/** Takes a decision whose sender waits for the verdict. */
export function createDecide(deps: Deps) {
  return async function decide(input: { promotionId: string; envelope: string }): Promise<Decided> {
    const answer = await applyEnvelope(deps, input.envelope, input.promotionId);
    return { answer, standing: answer.accepted ? standingOf(await settled(deps, input.promotionId)) : null };
  };
}
