import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';
import { acts } from './activities.js';
import { isReadable, UNREADABLE, type ActAnswer, type ActInput } from './messages.js';

/** One signed act: verified, judged and applied in one transaction, and answered; a refusal is an answer too. */
export async function act(input: ActInput): Promise<ActAnswer> {
  if (!isReadable(input)) throw ApplicationFailure.nonRetryable(UNREADABLE, 'Unreadable');
  const answer = await answerTo(input);
  setCurrentDetails(answer.refusal ? `refused: ${answer.refusal.what}` : 'accepted');
  return answer;
}

/** The same envelope always gets the same answer, so one that somebody else wrote in its place is asked for again. */
async function answerTo({ envelope }: ActInput): Promise<ActAnswer> {
  for (;;) {
    const answer: ActAnswer | null | undefined = await acts.applyAct({ envelope });
    if (typeof answer?.accepted === 'boolean') return answer;
  }
}
