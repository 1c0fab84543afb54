import {
  Client,
  Connection,
  isGrpcDeadlineError,
  isGrpcServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { actWorkflowId, promotionWorkflowId } from '../domain/ids.js';
import type { Progress } from '../domain/progress.js';
import { formatDuration } from '../domain/quantity.js';
import type { Refusal } from '../domain/refusal.js';
import type { TemporalConfig } from '../platform/config.js';
import { sha256 } from '../platform/digest.js';
import { loadPayloadCodecs } from '../platform/payload-codecs.js';
import type { act } from '../workflows/act.js';
import {
  decideSignal,
  decideUpdate,
  progressQuery,
  recordChangedSignal,
  TASK_QUEUE,
  type ActAnswer,
  type DecideAnswer,
} from '../workflows/messages.js';
import { Refused } from './output.js';

/** How a decision reached the record; `answer` is null when no worker has judged it yet. */
export interface Delivered {
  readonly delivery: 'update' | 'act' | 'signal';
  readonly answer: DecideAnswer | null;
}

/** Everything that can be asked of Temporal from outside. Each call throws a Refused that says what is wrong. */
export interface Promotions {
  /** Sends a signed act and answers its verdict; the same envelope is the same act, however often it is sent. */
  act(envelope: string, options: { readonly timeoutMs: number; readonly summary?: string }): Promise<ActAnswer>;
  /**
   * Sends a signed decision to the promotion's run; where that has not answered soon, the same envelope goes to the record as
   * an act of its own, which waits behind nothing that the run was sent. Where no worker answers at all it is left as an act and as
   * a signal: both survive workers being away.
   */
  decide(promotionId: string, envelope: string, timeoutMs: number): Promise<Delivered>;
  /** What the promotion's run last read from the record; null before its first reading. */
  progress(promotionId: string): Promise<Progress | null>;
  /** Tells the promotion's run that the record changed. */
  nudge(promotionId: string): Promise<void>;
  close(): Promise<void>;
}

const REACHED_WITHIN_MS = 6_000;
/** A run that has not answered by then is away, or busy with what it was sent. */
const RUN_ANSWERS_WITHIN_MS = 1_000;
/** gRPC's FAILED_PRECONDITION, which is what a paused run answers. */
const CANNOT_NOW = 9;

/**
 * Connects to Temporal; throws a Refused that names address and namespace when it does not answer within 10 s.
 * Busy and unavailable servers are asked again with growing pauses by the connection itself, until a call's deadline.
 */
export async function connect({ temporal }: { readonly temporal: TemporalConfig }): Promise<Promotions> {
  const { connectionOptions, namespace } = temporal;
  const place = `Temporal on ${connectionOptions.address}, namespace ${namespace},`;
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: REACHED_WITHIN_MS }).catch(
    (error: unknown) => {
      throw new Refused(temporalAway(place, error));
    },
  );
  const payloadCodecs = await loadPayloadCodecs(temporal.payloadCodec);
  const { workflow } = new Client({ connection, namespace, dataConverter: { payloadCodecs } });
  const runOf = (promotionId: string) => workflow.getHandle(promotionWorkflowId(promotionId));

  const ask = async <T>(withinMs: number, call: () => Promise<T>): Promise<T> => {
    try {
      return await connection.withDeadline(Date.now() + withinMs, call);
    } catch (error) {
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || error instanceof Refused) throw error;
      throw new Refused(refusalFrom(place, error));
    }
  };

  const startAct = (envelope: string, summary: string | undefined) =>
    ask(REACHED_WITHIN_MS, () =>
      workflow.start<typeof act>('act', {
        taskQueue: TASK_QUEUE,
        workflowId: actWorkflowId(sha256(envelope)),
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        args: [{ envelope }],
        ...(summary && { staticSummary: summary }),
      }),
    );
  /** Null when no worker has answered by then. */
  const judgedAct = async (envelope: string, timeoutMs: number, summary?: string): Promise<ActAnswer | null> => {
    const run = await startAct(envelope, summary);
    return await ask(timeoutMs, () =>
      run.result().catch((error: unknown) => {
        if (isGrpcDeadlineError(error) || isGrpcDeadlineError((error as Error).cause)) return null;
        throw error;
      }),
    );
  };

  return {
    async act(envelope, { timeoutMs, summary }) {
      const answer = await judgedAct(envelope, timeoutMs, summary);
      if (!answer) throw new Refused(noWorker(timeoutMs));
      return answer;
    },
    async decide(promotionId, envelope, timeoutMs) {
      const patienceMs = Math.min(RUN_ANSWERS_WITHIN_MS, timeoutMs / 2);
      try {
        const answer = await ask(patienceMs, () =>
          runOf(promotionId).executeUpdate(decideUpdate, { args: [{ envelope }], updateId: sha256(envelope) }),
        );
        return { delivery: 'update', answer };
      } catch (error) {
        if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
        const answer = await judgedAct(envelope, timeoutMs - patienceMs, `decision on ${promotionId}`);
        if (answer) return { delivery: 'act', answer };
        // Nobody is there to judge it; whichever of the two is found first is judged, and the other answers the same.
        const left = await ask(REACHED_WITHIN_MS, () => runOf(promotionId).signal(decideSignal, { envelope })).then(
          () => 'signal' as const,
          () => 'act' as const,
        );
        return { delivery: left, answer: null };
      }
    },
    progress: (promotionId) => ask(REACHED_WITHIN_MS, () => runOf(promotionId).query(progressQuery)),
    nudge: (promotionId) => ask(REACHED_WITHIN_MS, () => runOf(promotionId).signal(recordChangedSignal)),
    close: () => connection.close(),
  };
}

function refusalFrom(place: string, error: unknown): Refusal {
  if (error instanceof WorkflowNotFoundError) {
    const next = 'see gatehouse status; a lost run is started again within half a minute';
    return { kind: 'conflict', what: 'no run of this promotion is alive', given: error.workflowId, next };
  }
  if (error instanceof WorkflowUpdateFailedError) {
    return {
      kind: 'conflict',
      what: `the run did not take the message: ${error.cause?.message ?? error.message}`,
      next: 'see gatehouse status',
    };
  }
  const root = rootOf(error);
  const code: number | null = isGrpcServiceError(root) ? root.code : null;
  if (code === CANNOT_NOW) {
    return { kind: 'conflict', what: `the run takes no message: ${root.message}`, next: 'see gatehouse status' };
  }
  if (error instanceof WorkflowFailedError) {
    return { kind: 'away', what: `the act could not be applied: ${rootOf(error).message}`, next: "see the worker's log" };
  }
  return temporalAway(place, error);
}

function temporalAway(place: string, error: unknown): Refusal {
  if (error instanceof NamespaceNotFoundError)
    return { kind: 'away', what: `${place} is not there`, next: 'check TEMPORAL_NAMESPACE' };
  return {
    kind: 'away',
    what: `${place} does not answer: ${rootOf(error).message}`,
    next: 'start it, or gatehouse up, and try again',
  };
}

function noWorker(timeoutMs: number): Refusal {
  const what = `delivered, but no worker answered within ${formatDuration(timeoutMs)}`;
  return { kind: 'away', what, next: 'it is judged when a worker returns (gatehouse worker); see gatehouse status' };
}

function rootOf(error: unknown): Error {
  const inner = (error as Error).cause;
  return inner instanceof Error ? rootOf(inner) : (error as Error);
}
