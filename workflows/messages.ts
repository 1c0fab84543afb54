import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Progress, Stage } from '../domain/progress.js';
import type { Refusal } from '../domain/refusal.js';

/** The task queue that every workflow and every activity of Gatehouse runs on, but for measurements. */
export const TASK_QUEUE = 'gatehouse';

/** The task queue of measurements: they are heavy, and no decision or rollback waits behind one. */
export const EVIDENCE_QUEUE = 'gatehouse-evidence';

/** The largest message a run reads, in bytes of its envelope (promises §2, R27). */
export const MESSAGE_LIMIT_BYTES = 64 * 1024;

/** The input of `promotion`: an id and nothing that could be believed instead of the record. */
export interface PromotionInput {
  readonly promotionId: string;
  /** How many signals its earlier runs ignored; shown, and nothing else. */
  readonly ignored?: number;
}

/** Why a run that was started with something else fails. */
export const NO_PROMOTION = 'the id of a promotion is expected: {"promotionId": "<model>/<version>/<attempt>"}';

const PROMOTION_ID_LENGTH = 512;

/** Whether what a run was started with names a promotion at all; whether there is one, the record knows. */
export function isPromotionInput(input: unknown): input is PromotionInput {
  const id = (input as { promotionId?: unknown } | null | undefined)?.promotionId;
  return typeof id === 'string' && id.length > 0 && id.length <= PROMOTION_ID_LENGTH;
}

/** The input of `act`: the signed envelope, a compact JWS. */
export interface ActInput {
  readonly envelope: string;
}

/** The input of `rollback` and `retirement`: the production change on the record that is to be followed up. */
export interface ChangeInput {
  readonly changeKey: string;
}

/** The input of `watch`: the production change on the record whose version is watched. */
export interface WatchInput {
  readonly changeKey: string;
}

/** The input of `notice`: the key of the notice on the record. */
export interface NoticeInput {
  readonly key: string;
  /** The channels it has not been over yet; where they are not said, every one that there is. What it was not routed to is left out. */
  readonly channels?: readonly string[];
}

/** What became of a signed act; the same envelope always gets the same answer. */
export interface ActAnswer {
  readonly accepted: boolean;
  /** SHA-256 of the envelope as received: the id of the act on the record. */
  readonly hash: string;
  readonly refusal: Refusal | null;
  /** What the act made or found, for the command line to print. */
  readonly result: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

/** A decision on its way to a promotion: the signed envelope, a compact JWS. */
export interface DecideMessage {
  readonly envelope: string;
}

/** What became of a decision, and the attempt after it; a refusal changes nothing, and says nothing of the attempt. */
export interface DecideAnswer extends ActAnswer {
  readonly state?: Stage;
  readonly progress?: Progress;
}

/** What the query `progress` answers: what the run last read, and how many signals it ignored because nobody can read them. */
export interface ProgressShown extends Progress {
  readonly ignored: number;
}

/** Sends a signed decision and answers the verdict. */
export const decideUpdate = defineUpdate<DecideAnswer, [DecideMessage]>('decide');

/** Sends a signed decision without waiting for the verdict; survives workers being away. */
export const decideSignal = defineSignal<[DecideMessage]>('decide');

/** Tells a run that the record changed; carries nothing. */
export const recordChangedSignal = defineSignal('recordChanged');

/** What a run last read from the record. */
export const progressQuery = defineQuery<ProgressShown | null>('progress');

/** Why a message that is no envelope at all is turned away. */
export const UNREADABLE = 'an envelope of three base64url parts and at most 64 KiB is expected';

/** A compact JWS, alone or with the ID token and the public key of the login that signed it. */
const ENVELOPE = /^[\w-]+\.[\w-]+\.[\w-]+(~[\w-]+\.[\w-]+\.[\w-]+~[\w-]{43})?$/;

/** Whether something sent as an envelope can be read at all: three base64url parts within the limit, and a login behind them or none. */
export function isReadable(message: unknown): message is DecideMessage {
  const envelope = (message as { envelope?: unknown } | null | undefined)?.envelope;
  return typeof envelope === 'string' && envelope.length <= MESSAGE_LIMIT_BYTES && ENVELOPE.test(envelope);
}
