import { describe, expect, it } from 'vitest';
import { inTime } from '../../activities/watch/in-time.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';
import { fakeSource } from '../support/fake-source.js';

const asked = {
  model: 'm',
  version: '1.0.0',
  windowMs: 1_000,
  freshMs: 1_000,
  labels: { delayMs: 0, windowMs: 1_000 },
  queries: FIRST_WATCH.prometheus,
};
const none = new AbortController().signal;
const hanging = (signal: AbortSignal): Promise<never> =>
  new Promise((_, stop) => signal.addEventListener('abort', () => stop(new Error('cancelled'))));
const slow = {
  name: 'slow',
  read: (_: unknown, signal: AbortSignal) => hanging(signal),
  features: (_a: unknown, _b: unknown, signal: AbortSignal) => hanging(signal),
};

describe('a source that answers within an interval, or is away', () => {
  it('hands on what it answers', async () => {
    expect(await inTime(fakeSource(), 1_000).read(asked, none)).toMatchObject({ service: { known: true } });
  });

  it('is away when it does not answer, and then says so for everything', async () => {
    const late = { known: false, cause: 'source away', why: 'it does not answer within 1s' };
    expect(await inTime(slow, 1_000).read(asked, none)).toEqual({ service: late, labels: late });
    expect(await inTime(slow, 1).features(asked, { names: [], maxRows: 1 }, none)).toEqual(late);
  });

  it('still throws when it is cancelled, and when it fails', async () => {
    const stopped = new AbortController();
    const read = inTime(slow, 60_000).read(asked, stopped.signal);
    stopped.abort(new Error('the worker stops'));
    await expect(read).rejects.toThrow('the worker stops');
    const broken = { ...slow, read: () => Promise.reject(new Error('a bug')) };
    await expect(inTime(broken, 1_000).read(asked, none)).rejects.toThrow('a bug');
  });
});
