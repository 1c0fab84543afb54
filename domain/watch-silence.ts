/** After how many intervals without a window a version in production is not watched: so that people hear of it before the third. */
const INTERVALS = 2.5;
/** A watch that has just been asked for is given this long to begin. */
const BEGINS_WITHIN_MS = 5_000;
/** A watch that was seen this recently goes on. */
const GOES_ON = 1.5;

/** How long nothing was recorded of a version in production, and whether anything ever was since it came there. Milliseconds. */
export interface Silence {
  readonly silentMs: number;
  readonly wasSeen: boolean;
  readonly everyMs: number;
}

/** Whether a version in production is watched by nobody (promises R31: an alert within three intervals), goes on, or may go either way. */
export function judgeSilence({ silentMs, wasSeen, everyMs }: Silence): 'silent' | 'goes on' | 'open' {
  // What was seen in the future was not seen: the clock was set back, or somebody has written it.
  if (silentMs < -everyMs || silentMs > INTERVALS * everyMs + (wasSeen ? 0 : BEGINS_WITHIN_MS)) return 'silent';
  return wasSeen && silentMs <= GOES_ON * everyMs ? 'goes on' : 'open';
}

/** How long to wait between two looks for silence, so that an alert comes before the third interval is over; the shortest interval counts. */
export function lookForSilenceEvery(everyMs: readonly number[]): number {
  return Math.min(5_000, ...everyMs.map((every) => Math.max(250, every / 8)));
}
