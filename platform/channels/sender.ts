import type { ChannelName } from '../../domain/notice.js';
import type { Message } from '../message/message.js';

/** One way to people, as this process is configured for it. */
export interface Sender {
  readonly name: ChannelName;
  /** Where it hands messages to, without secrets. */
  readonly place: string;
  /** Answers where the message went; throws a {@link ChannelError}, at the latest after {@link DEADLINE_MS}. */
  send(message: Message): Promise<string>;
}

/** How long a try may take, so that a peer that never answers holds nothing up. */
export const DEADLINE_MS = 10_000;

/** A message that did not go out, said in our own words and without secrets. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  constructor(
    message: string,
    /** Whether no retry can make it right. */
    readonly isFinal: boolean,
    /** When it may be tried again, where the other side has said so; milliseconds from now. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}
