import { Away, classify } from '../failures.js';
import { applyEnvelope } from './apply.js';
import type { Deps } from './deps.js';

/** What was judged in one go: how many decisions were accepted. */
export interface Judged {
  readonly accepted: number;
}

/** Takes decisions that were left with a promotion's run, for whose verdict nobody waits. */
export function createJudge(deps: Deps) {
  return async function judge(input: { promotionId: string; envelopes: readonly string[] }): Promise<Judged> {
    let accepted = 0;
    let away: Away | undefined;
    for (const envelope of input.envelopes) {
      try {
        const answer = await applyEnvelope(deps, envelope, input.promotionId);
        if (answer.accepted) accepted += 1;
      } catch (error) {
        // A login waits for its provider, and holds up nobody else.
        if (error instanceof Away) {
          away = error;
          continue;
        }
        // What the record can never take must not keep the others from it.
        if (classify(error) !== 'bad-input') throw error;
        deps.log('warn', 'a decision left with a run cannot be recorded', { promotionId: input.promotionId });
      }
    }
    if (away) throw away;
    return { accepted };
  };
}
