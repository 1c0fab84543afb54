import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  workflowInfo,
} from '@temporalio/workflow';
import { promotionChangeKey } from '../domain/ids.js';
import type { Progress, Stage } from '../domain/progress.js';
import { evidence, production } from './activities.js';
import { takeSteps } from './follow-up.js';
import { createAlarm } from './alarm.js';
import { openInbox, type Inbox } from './inbox.js';
import { isPromotionInput, NO_PROMOTION, type PromotionInput } from './messages.js';
import { openRecord, type Record } from './record.js';
import { stagingHealth } from './staging-health.js';

/** How an attempt ended; endings are results, a failed run is a bug. */
export interface PromotionResult {
  readonly promotionId: string;
  readonly outcome: Stage;
}

const MESSAGES_BEFORE_NEW_RUN = 500;

/**
 * One attempt of one version, from its checks until it is archived or ends before.
 * The run holds nothing it could not read again: it asks the record what is needed, does that, and asks again.
 * Cancelling it changes nothing: only the record ends an attempt.
 */
export function promotion(input: PromotionInput): Promise<PromotionResult> {
  if (!isPromotionInput(input)) throw ApplicationFailure.nonRetryable(NO_PROMOTION, 'Unreadable');
  const record = openRecord(input.promotionId);
  const inbox = openInbox(record, countOf(input.ignored));
  return CancellationScope.nonCancellable(() => follow(input, inbox, record));
}

async function follow(input: PromotionInput, inbox: Inbox, record: Record): Promise<PromotionResult> {
  const { promotionId } = input;
  const health = stagingHealth(promotionId, inbox.changed);
  const alarm = createAlarm(inbox.changed);

  for (;;) {
    const seen = inbox.changes();
    const standing = await record.ask();
    inbox.show(standing.progress);
    if (standing.progress.state !== 'staging') health.stop();
    switch (standing.kind) {
      case 'check':
      case 'recheck':
        await evidence.runChecks.executeWithOptions({ summary: `${standing.kind}: ${standing.checks.join(', ')}` }, [
          { promotionId },
        ]);
        break;
      case 'change':
        await production.changeProduction.executeWithOptions({ summary: 'change production' }, [{ promotionId }]);
        break;
      case 'follow-up':
        await takeSteps(promotionChangeKey(promotionId), standing.steps);
        break;
      case 'wait':
        if (standing.probe) health.watch();
        alarm.set(standing.waitMs, alarmSummary(standing.progress));
        await condition(() => inbox.changes() !== seen || isFull());
        break;
      case 'ended':
        await condition(allHandlersFinished);
        return { promotionId, outcome: standing.outcome };
    }
    if (isFull()) {
      health.stop();
      await condition(allHandlersFinished);
      await continueAsNew<typeof promotion>({ promotionId, ...(inbox.ignored() > 0 && { ignored: inbox.ignored() }) });
    }
  }

  function isFull(): boolean {
    return workflowInfo().continueAsNewSuggested || inbox.messages() >= MESSAGES_BEFORE_NEW_RUN;
  }
}

function countOf(given: unknown): number {
  return typeof given === 'number' && Number.isSafeInteger(given) && given > 0 ? given : 0;
}

function alarmSummary({ soak }: Progress): string {
  return soak ? `soak: minimum ends ${soak.minEndsAt}, maximum ${soak.maxEndsAt}` : 'look at the record again';
}
