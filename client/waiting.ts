import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt } from '../domain/attempt.js';
import { printable, Refused } from './output.js';
import type { RecordReader } from './record.js';

/** What somebody waits for. */
export interface Awaited {
  readonly isThere: (attempt: Attempt) => boolean;
  readonly limitMs: number;
  /** Whether checks are shown on stderr as they are done, where that is a terminal. */
  readonly shows: boolean;
}

const EVERY_MS = 500;
/** The record may be away for a moment without anybody having to start over. */
const AWAY_AT_MOST_MS = 60_000;
const INTERRUPTED = 130;

/**
 * Looks at an attempt on the record every half second until it is as awaited, or the limit is over, and answers it as it
 * is then. Ctrl-C ends the waiting alone, and says so.
 */
export async function watchAttempt(
  { db }: RecordReader,
  promotionId: string,
  { isThere, limitMs, shows }: Awaited,
): Promise<Attempt> {
  const { loadAttempt } = await import('../platform/attempt.js');
  const started = Date.now();
  const shown = new Set<string>();
  let seen: { readonly attempt: Attempt; readonly at: number } | undefined;
  const leave = (): void => {
    process.stderr.write(`stopped waiting; the promotion ${promotionId} goes on: gatehouse status\n`);
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', leave);
  try {
    for (;;) {
      const attempt: Attempt | undefined = await loadAttempt(db, promotionId).catch((error: unknown) => {
        if (Date.now() - (seen?.at ?? started) > AWAY_AT_MOST_MS) throw error;
        return undefined;
      });
      if (attempt) seen = { attempt, at: Date.now() };
      if (attempt && shows && process.stderr.isTTY) showNews(attempt, shown);
      if (attempt && isThere(attempt)) return attempt;
      if (Date.now() - started > limitMs) break;
      await delay(EVERY_MS);
    }
  } finally {
    process.off('SIGINT', leave);
  }
  if (seen) return seen.attempt;
  throw new Refused({ kind: 'away', what: `${promotionId} cannot be read from the record`, next: 'see gatehouse status' });
}

function showNews({ findings, rechecks, state }: Attempt, shown: Set<string>): void {
  const done = state === 'validating' ? findings : rechecks.map(({ finding }) => finding);
  for (const { check, verdict, reason } of done) {
    const line = `  ${check}: ${verdict}${reason && `, ${printable(reason, 200)}`}\n`;
    if (shown.has(line)) continue;
    shown.add(line);
    process.stderr.write(line);
  }
}
