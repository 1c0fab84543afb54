import { isGrpcServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { promotionWorkflowId } from '../domain/ids.js';
import { openEnvelope } from '../platform/envelope.js';
import { decoded } from '../platform/payload-codecs.js';
import { allPeople } from '../platform/people.js';
import type { Db } from '../platform/pool.js';
import { isProven } from '../platform/proof.js';
import { allIssuerKeys } from '../platform/read/issuer-keys.js';
import { decideSignal, isReadable, type DecideMessage } from '../workflows/messages.js';
import { ANSWER_WITHIN_MS } from './run-shown.js';

const NOT_FOUND = 5;
/** So that a run that was flooded costs no more memory than one page of it. */
const EVENTS_A_PAGE = 100;

/**
 * Every decision that was left as a signal for the run now under a promotion's id, and that somebody enrolled really signed:
 * a flood is not sent again. A run that is replaced may not have judged them; to judge one again does no harm, because the
 * same envelope always gets the same answer.
 */
export async function decisionsSent(client: Client, db: Db, promotionId: string): Promise<DecideMessage[]> {
  const people = await allPeople(db);
  const keys = new Map(people.map(({ kid, publicKey }) => [kid, publicKey]));
  const accounts = new Map(people.map(({ email, account }) => [email, account]));
  const issuerKeys = await allIssuerKeys(db);
  const sent = new Map<string, DecideMessage>();
  try {
    const { payloadCodecs } = client.options.loadedDataConverter;
    for await (const payload of signalsOf(client, promotionWorkflowId(promotionId))) {
      const message = read((await decoded(payloadCodecs, payload))?.data);
      if (!isReadable(message) || sent.has(message.envelope)) continue;
      const opened = openEnvelope(message.envelope);
      if (!opened.ok) continue;
      const { kid, payload: said } = opened.envelope;
      const publicKey = keys.get(kid);
      const known = {
        key: publicKey ? { kid, publicKey } : undefined,
        account: accounts.get(String(said['person'])) ?? null,
      };
      if (await isProven(opened.envelope, known, issuerKeys)) sent.set(message.envelope, { envelope: message.envelope });
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return [...sent.values()];
}

async function* signalsOf(client: Client, workflowId: string): AsyncGenerator<Payload> {
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const page = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId },
        maximumPageSize: EVENTS_A_PAGE,
        ...(nextPageToken && { nextPageToken }),
      }),
    );
    for (const { workflowExecutionSignaledEventAttributes: signal } of page.history?.events ?? []) {
      if (signal?.signalName === decideSignal.name) yield signal.input?.payloads?.[0] ?? {};
    }
    nextPageToken = page.nextPageToken;
  } while (nextPageToken && nextPageToken.length > 0);
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
