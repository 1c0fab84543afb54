import { ChannelError, type Sender } from '../../platform/channels/sender.js';
import { Away, BadInput } from '../failures.js';
import type { Channel } from '../ports.js';

/** A sender as the activities see it: its errors say by their kind whether the message is tried again. */
export function outsideChannel(sender: Sender): Channel {
  return {
    name: sender.name,
    async send(message) {
      try {
        return await sender.send(message);
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error;
        throw error.isFinal ? new BadInput(error.message) : new Away(error.message, error.retryAfterMs);
      }
    },
  };
}
