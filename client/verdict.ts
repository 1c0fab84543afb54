import { keptAnswer } from '../platform/kept-answer.js';
import type { Db } from '../platform/pool.js';
import type { ActAnswer } from '../workflows/messages.js';
import { Refused } from './output.js';

/**
 * The record's own answer to an act that a run says was judged. Whoever can complete a run in Temporal can make it answer
 * anything; done is what the record says is done. Throws a Refused (6) when the record knows nothing of the act.
 */
export async function onRecord(db: Db, hash: string): Promise<ActAnswer> {
  const answer = await keptAnswer(db, hash);
  if (answer !== undefined) return JSON.parse(answer) as ActAnswer;
  throw new Refused({
    kind: 'away',
    what: 'the run answered, but the record knows nothing of this act',
    given: hash,
    allowed: 'an answer of a worker of this installation',
    next: 'see who else works on its task queue, then send it again',
  });
}
