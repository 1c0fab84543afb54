import { afterEach, describe, expect, it } from 'vitest';
import { Away, BadInput } from '../../activities/failures.js';
import type { Channel } from '../../activities/ports.js';
import { message } from './messages.js';

/** How the other side of a channel behaves. */
export type Behaviour =
  /** Takes everything. */
  | 'takes'
  /** Has taken enough, and says for how long where its protocol can: seven seconds. */
  | 'limits'
  /** Fails, and quotes what it was asked. */
  | 'fails'
  /** Will never take this message. */
  | 'refuses'
  /** Accepts the connection and never says anything. */
  | 'hangs'
  /** Answers a byte at a time, for ever. */
  | 'drips'
  /** Sends the caller elsewhere, where everything would be taken. */
  | 'redirects'
  /** Answers more than anybody should read. */
  | 'floods'
  /** Is not there. */
  | 'gone';

/** A channel with its other side; a try of it ends soon, whatever that side does. */
export interface Connected {
  readonly channel: Channel;
  /** What made each message that arrived recognisable. */
  readonly arrived: () => readonly string[];
  close(): Promise<void>;
}

export const SECRET = 'canary-of-a-token';
/** How long a fake hangs, and how long a channel whose other side never answers tries. */
export const WITHIN_MS = 400;
export const RETRY_AFTER_S = 7;

/** The deadline of a try, shorter than the usual one only where nothing but the deadline ends it. */
export function deadlineFor(behaviour: Behaviour): number | undefined {
  return behaviour === 'hangs' || behaviour === 'drips' ? WITHIN_MS : undefined;
}

/** What every channel promises its caller, whatever its other side does; `knows` are the behaviours that its protocol has. */
export function channelContract(
  name: string,
  connect: (behaviour: Behaviour) => Promise<Connected>,
  { knows, saysWhen }: { readonly knows: readonly Behaviour[]; readonly saysWhen: boolean },
): void {
  describe(`${name} as a channel`, () => {
    let connected: Connected | undefined;
    afterEach(() => connected?.close());

    const failing = async (behaviour: Behaviour): Promise<unknown> => {
      connected = await connect(behaviour);
      return connected.channel.send(message()).then(
        () => undefined,
        (error: unknown) => error,
      );
    };

    it('answers where a message went, and a repetition is recognisable', async () => {
      connected = await connect('takes');
      expect(await connected.channel.send(message())).toMatch(/\S/);
      await connected.channel.send(message());
      await connected.channel.send(message({ key: 'incident/8/opened', page: { action: 'trigger', incident: 'incident/8' } }));
      const [first, again, other] = connected.arrived();
      expect(first).toMatch(/\S/);
      expect(again).toBe(first);
      expect(other).not.toBe(first);
    });

    const passing = (['limits', 'fails', 'hangs', 'drips', 'redirects', 'floods', 'gone'] as const).filter((each) =>
      knows.includes(each),
    );
    it.each(passing)(
      'is tried again where the other side %s; nothing of it arrived, and no secret is in the error',
      async (behaviour) => {
        const error = await failing(behaviour);
        expect(error).toBeInstanceOf(Away);
        expect((error as Away).retryAfterMs).toBe(behaviour === 'limits' && saysWhen ? RETRY_AFTER_S * 1_000 : undefined);
        expect(connected?.arrived()).toEqual([]);
        expect(everythingOf(error)).not.toContain(SECRET);
      },
    );

    it('is given up where the other side will never take it', async () => {
      const error = await failing('refuses');
      expect(error).toBeInstanceOf(BadInput);
      expect(everythingOf(error)).not.toContain(SECRET);
    });
  });
}

/** All that anybody could log of an error. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  return `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)} ${everythingOf(error.cause)}`;
}
