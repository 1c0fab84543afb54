import { describe, expect, it } from 'vitest';
import { judgeSilence, lookForSilenceEvery } from '../../domain/watch-silence.js';

const seen = (silentMs: number, everyMs = 60_000) => judgeSilence({ silentMs, wasSeen: true, everyMs });

describe('promises R31, "alert ≤ 3 poll intervals from a second process"', () => {
  it('calls silence before the third interval is over, a look for it included', () => {
    expect(seen(150_000)).toBe('open');
    expect(seen(150_001)).toBe('silent');
    for (const every of [1_000, 2_000, 60_000, 3_600_000])
      expect(2.5 * every + lookForSilenceEvery([every])).toBeLessThan(3 * every);
  });

  it('what was seen in the future was not seen', () => {
    expect([seen(-60_000), seen(-60_001)]).toEqual(['goes on', 'silent']);
  });

  it('goes on while it was seen within an interval and a half', () => {
    expect(seen(90_000)).toBe('goes on');
    expect(seen(90_001)).toBe('open');
  });

  it('one that has just been asked for has five seconds more to begin', () => {
    const asked = (silentMs: number) => judgeSilence({ silentMs, wasSeen: false, everyMs: 2_000 });
    expect([asked(0), asked(10_000), asked(10_001)]).toEqual(['open', 'open', 'silent']);
  });

  it('looks as often as the shortest interval asks for, and every five seconds at least', () => {
    expect(lookForSilenceEvery([])).toBe(5_000);
    expect(lookForSilenceEvery([60_000, 8_000])).toBe(1_000);
    expect(lookForSilenceEvery([1_000])).toBe(250);
  });
});
