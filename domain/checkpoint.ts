/** How many hashes a checkpoint keeps at most; up to that many events it names the first wrong one exactly. */
const MARKS_AT_MOST = 16_384;

/** How much of a hash a mark is, in hex digits: 128 bits, for which nobody finds another event. */
const MARK_DIGITS = 32;

/** From which event to which event a checkpoint's marks go: the smallest power of two with which few enough are kept. */
export function markEvery(seq: number): number {
  let every = 1;
  while (seq / every > MARKS_AT_MOST) every *= 2;
  return every;
}

/** What a checkpoint keeps of an event's hash. */
export function markOf(hash: string): string {
  return hash.slice(0, MARK_DIGITS);
}
