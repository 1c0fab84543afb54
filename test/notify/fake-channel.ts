import { Away, BadInput } from '../../activities/failures.js';
import type { Channel } from '../../activities/ports.js';
import type { Message } from '../../platform/message/message.js';
import { RETRY_AFTER_S, WITHIN_MS, type Behaviour } from './channel-contract.js';

/** A channel in memory that behaves as its other side is told to; it keeps what it took. */
export function fakeChannel(name: string, first: Behaviour = 'takes') {
  const taken: Message[] = [];
  let behaviour = first;
  const channel: Channel = {
    name,
    async send(message) {
      if (behaviour === 'refuses') throw new BadInput(`${name} will never take this message`);
      if (behaviour === 'limits') throw new Away(`${name} takes no more for now`, RETRY_AFTER_S * 1_000);
      if (behaviour === 'hangs') await new Promise((done) => setTimeout(done, WITHIN_MS));
      if (behaviour !== 'takes') throw new Away(`${name} does not answer`);
      taken.push(message);
      return `in the memory of ${name}`;
    },
  };
  return { channel, taken, become: (next: Behaviour) => void (behaviour = next) };
}
