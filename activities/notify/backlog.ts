import { Away, NotYet } from '../failures.js';

/** One notice over one channel. */
interface Delivery {
  readonly key: string;
  readonly channel: string;
}

/** What waits for a channel is tried about once in this time together, however many they are: nothing else is to be held up by it. */
const EACH_MS = 1_000;
/** So many may be tried as often as each of them likes. */
const FEW = 20;
const LONGEST_MS = 600_000;

/**
 * Keeps what a channel has not taken yet, as far as this process knows, and sends all of it, in order, as soon as the channel takes
 * anything again: so single deliveries can be tried rarely, and still arrive when the channel is back.
 */
export function createBacklog(send: (of: Delivery) => Promise<void>): { deliver(of: Delivery): Promise<void> } {
  const waiting = new Map<string, Set<string>>();
  const underWay = new Set<string>();
  const draining = new Set<string>();

  async function once({ key, channel }: Delivery): Promise<void> {
    const name = `${channel} ${key}`;
    if (underWay.has(name)) throw new NotYet('it is being sent already');
    const line = waiting.get(channel) ?? new Set();
    waiting.set(channel, line);
    underWay.add(name);
    try {
      await send({ key, channel });
      line.delete(key);
    } catch (error) {
      if (error instanceof Away || error instanceof NotYet) line.add(key);
      else line.delete(key);
      throw error;
    } finally {
      underWay.delete(name);
    }
  }

  /** Stops where the channel takes no more; what only waits for another is come back to after that. */
  async function drain(channel: string): Promise<void> {
    if (draining.has(channel)) return;
    draining.add(channel);
    try {
      while (await drainOnce(channel));
    } catch {
      // Each is tried again by itself.
    } finally {
      draining.delete(channel);
    }
  }

  /** Whether anything was sent. */
  async function drainOnce(channel: string): Promise<boolean> {
    let hasSent = false;
    for (const key of waiting.get(channel) ?? []) {
      try {
        await once({ key, channel });
        hasSent = true;
      } catch (error) {
        if (!(error instanceof NotYet)) throw error;
      }
    }
    return hasSent;
  }

  return {
    async deliver(of) {
      try {
        await once(of);
      } catch (error) {
        throw later(error, waiting.get(of.channel)?.size ?? 0);
      }
      void drain(of.channel);
    },
  };
}

/** The same error, with a longer pause the more are waiting. */
function later(error: unknown, size: number): unknown {
  if (!(error instanceof Away || error instanceof NotYet) || size <= FEW) return error;
  // Not all at the same moment.
  const pauseMs = Math.min(LONGEST_MS, size * EACH_MS * (0.75 + Math.random() / 2));
  const retryAfterMs = Math.max(error.retryAfterMs ?? 0, pauseMs);
  return error instanceof Away ? new Away(error.message, retryAfterMs) : new NotYet(error.message, retryAfterMs);
}
