import { Client, Connection } from '@temporalio/client';
import type { Decision } from '../../domain/acts.js';
import { ACTS } from '../../domain/acts.js';
import type { Gate } from '../../domain/policy.js';
import { meaningOf } from '../../domain/statement.js';
import { signEnvelope } from '../../platform/envelope.js';
import { keyPath, loadKey } from '../../platform/keys.js';
import { progressQuery } from '../../workflows/messages.js';
import type { RunningStack } from './stack.js';

/** Signs a decision over what the run of a promotion shows, as a script of a reviewer's own would. */
export async function signFor(
  stack: RunningStack,
  client: Client,
  promotionId: string,
  decided: { readonly email: string; readonly gate: Gate; readonly decision?: Decision },
): Promise<string> {
  const { email, gate, decision = 'approve' } = decided;
  const progress = await client.workflow.getHandle(`promotion/${promotionId}`).query(progressQuery);
  if (!progress?.statement) throw new Error(`${promotionId} has no statement`);
  const asks = progress.gates.find((each) => each.gate === gate)?.asks ?? '';
  const payload = {
    ...progress.statement,
    typ: ACTS.decision.typ,
    gate,
    decision,
    meaning: meaningOf(decision, gate, asks),
    comment: decision === 'reject' ? 'it is not sound' : '',
    person: email,
    printed_name: stack.connection.people.find((person) => person.email === email)?.name ?? '',
    nonce: crypto.randomUUID(),
    issued: progress.asOf,
    expires: progress.decideUntil ?? '',
  };
  return signEnvelope(payload, await loadKey(keyPath(stack.connection.keys, email)));
}

/** A client of the stack's Temporal. */
export async function clientOf(stack: RunningStack): Promise<{ client: Client; close: () => Promise<void> }> {
  const connection = await Connection.connect({ address: stack.connection.temporal.address });
  return { client: new Client({ connection }), close: () => connection.close() };
}
