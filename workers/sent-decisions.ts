import { isGrpcServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { promotionWorkflowId } from '../domain/ids.js';
import { decideSignal, isReadable, type DecideMessage } from '../workflows/messages.js';
import { ANSWER_WITHIN_MS } from './run-shown.js';

const NOT_FOUND = 5;

/**
 * Every decision that was left as a signal for the run now under a promotion's id. A run that is replaced may not have
 * judged them; to judge one again does no harm, because the same envelope always gets the same answer.
 */
export async function decisionsSent(client: Client, promotionId: string): Promise<DecideMessage[]> {
  const sent = new Map<string, DecideMessage>();
  try {
    const run = client.workflow.getHandle(promotionWorkflowId(promotionId));
    const { events } = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => run.fetchHistory());
    for (const { workflowExecutionSignaledEventAttributes: signal } of events ?? []) {
      if (signal?.signalName !== decideSignal.name) continue;
      const message = read(signal.input?.payloads?.[0]?.data);
      if (isReadable(message)) sent.set(message.envelope, { envelope: message.envelope });
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return [...sent.values()];
}

/** A history that was deleted is reported as the server says it: gRPC's NOT_FOUND. */
function isGone(error: unknown): boolean {
  const code: number | null = isGrpcServiceError(error) ? error.code : null;
  return error instanceof WorkflowNotFoundError || code === NOT_FOUND;
}

function read(json: Uint8Array | null | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(json ?? []).toString('utf8'));
  } catch {
    return undefined;
  }
}
