import { describe, expect, it } from 'vitest';
import { markEvery, markOf } from '../../domain/checkpoint.js';
import type { OpenedCheckpoint } from '../../platform/checkpoint.js';
import { sha256 } from '../../platform/digest.js';
import { watchFor } from '../../platform/read/checkpoint-watch.js';

const START = { seq: 0, hash: '0'.repeat(64) };
const rowsTo = (seq: number, changed = Infinity) =>
  Array.from({ length: seq }, (_, i) => ({
    seq: i + 1,
    body: '',
    hash: sha256(`${i + 1}${i + 1 >= changed ? ' otherwise' : ''}`),
  }));

/** A checkpoint of a trail of that length. */
function of(seq: number): OpenedCheckpoint {
  const rows = rowsTo(seq);
  const marks = rows.filter((row) => row.seq % markEvery(seq) === 0).map(({ hash }) => markOf(hash));
  const signed = { payload: { person: 'alice' } } as unknown as OpenedCheckpoint['signed'];
  return { envelope: '', key: {}, marks, signed, seq, head: rows.at(-1)?.hash ?? '' };
}

describe("a checkpoint's marks", () => {
  it.each([
    [1, 1],
    [16_384, 1],
    [16_385, 2],
    [32_768, 2],
    [32_769, 4],
    [1_000_000, 64],
  ])('of %i events are those of every %i', (seq, every) => {
    expect(markEvery(seq)).toBe(every);
  });

  it.each([
    [100, 37, 37, 'event 37 is not what alice signed for up to event 100'],
    [16_385, 16_385, 16_385, 'event 16385 is not'],
    [32_768, 4_999, 4_999, 'an event from 4999 to 5000 is not'],
    [32_768, 5_000, 4_999, 'an event from 4999 to 5000 is not'],
    [32_767, 32_767, 32_767, 'event 32767 is not'],
  ])('of %i events name a change at %i as from %i on', (seq, changed, first, why) => {
    expect(watchFor(of(seq), START).follow(rowsTo(seq + 5, changed))).toMatchObject({
      seq: first,
      why: expect.stringContaining(why) as string,
      last: { seq: first - 1 },
    });
  });

  it('say nothing of what came after', () => {
    const watch = watchFor(of(100), START);
    expect(watch.follow(rowsTo(120, 101))).toBeUndefined();
    expect(watch.endsAt({ seq: 120, hash: '' })).toBeUndefined();
    expect(watch.endsAt({ seq: 99, hash: '' })).toMatchObject({ seq: 100, why: expect.stringContaining('is missing') as string });
  });
});
