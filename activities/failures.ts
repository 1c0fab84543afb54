import { ApplicationFailure } from '@temporalio/common';

/** The meaning of an error raised in an activity; said once, here. */
export type FailureKind = 'conflict' | 'fact-missing' | 'bad-input' | 'away' | 'unknown';

/** An input that no retry can make right: the run that gave it has a bug or is not ours. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}

const CONFLICT = 'GH001';
const FACT_MISSING = 'GH002';
/** PostgreSQL: connection exceptions, insufficient resources, operator intervention, transaction rollback. */
const AWAY_CLASSES = ['08', '53', '57', '40'];
/** Data that PostgreSQL cannot hold, such as a NUL in a text: no retry makes it right. */
const UNSTORABLE_CLASS = '22';
const AWAY_CODES = [
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '25006',
  '25P03',
  '28P01',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  '55P03',
];

/** What an error means: the one place that knows PostgreSQL's and the network's codes. */
export function classify(error: unknown): FailureKind {
  if (error instanceof BadInput) return 'bad-input';
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === CONFLICT) return 'conflict';
  if (code === FACT_MISSING) return 'fact-missing';
  if (typeof code === 'string' && code.length === 5 && code.startsWith(UNSTORABLE_CLASS)) return 'bad-input';
  if (typeof code === 'string' && (AWAY_CODES.includes(code) || AWAY_CLASSES.includes(code.slice(0, 2)))) return 'away';
  // pg reports a connection lost in mid-query as a plain Error without a code.
  if (
    typeof message === 'string' &&
    /connection terminated|timeout exceeded when trying to connect|query read timeout/i.test(message)
  )
    return 'away';
  return 'unknown';
}

/**
 * An activity's error as Temporal shall see it: bad input is never retried, everything else is, for as long as the
 * activity's own limits allow: a run must outlive an outage and a fact that is mended later.
 */
export function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure) return error;
  const kind = classify(error);
  const cause = error instanceof Error ? error : new Error(String(error));
  if (kind === 'unknown') return cause;
  return ApplicationFailure.create({
    message: cause.message,
    type: kind,
    nonRetryable: kind === 'bad-input',
    cause,
  });
}
