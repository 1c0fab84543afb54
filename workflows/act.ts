import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';
import { acts } from './activities.js';
import { isReadable, UNREADABLE, type ActAnswer, type ActInput } from './messages.js';

/** One signed act: verified, judged and applied in one transaction, and answered; a refusal is an answer too. */
export async function act(input: ActInput): Promise<ActAnswer> {
  if (!isReadable(input)) throw ApplicationFailure.nonRetryable(UNREADABLE, 'Unreadable');
  const answer = await acts.applyAct({ envelope: input.envelope });
  setCurrentDetails(answer.refusal ? `refused: ${answer.refusal.what}` : 'accepted');
  return answer;
}
