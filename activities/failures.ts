import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

/** The meaning of an error raised in an activity; said once, here. */
export type FailureKind = 'conflict' | 'fact-missing' | 'bad-input' | 'not-yet' | 'away' | 'unknown';

/** An input that no retry can make right: the run that gave it has a bug or is not ours. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}

/** What has to wait for something else, said in words that a history may keep; it is tried again. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
  constructor(
    message: string,
    /** When to look again, where that is better known than to whoever tries; milliseconds from now. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** Something outside that is needed does not answer, or not as it should: tried again. */
export class Away extends Error {
  override readonly name = 'Away';
  constructor(
    message: string,
    /** When it may be tried again, where the other side has said so; milliseconds from now. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** Whatever another side asks for, it is tried again within an hour. */
const MOST_RETRY_AFTER_MS = 3_600_000;
const LEAST_RETRY_AFTER_MS = 1_000;
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

/** Enough of a stack to find where an error was raised. */
const PLACES = 5;

/** What an error means: the one place that knows PostgreSQL's and the network's codes. */
export function classify(error: unknown): FailureKind {
  if (error instanceof BadInput) return 'bad-input';
  if (error instanceof NotYet) return 'not-yet';
  if (error instanceof Away) return 'away';
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

/** What Temporal is told of an error that is not our own words: its kind, never its text, which may quote a row, a file or a login. */
const TOLD: Readonly<Record<FailureKind, string>> = {
  conflict: 'the record has changed meanwhile',
  'fact-missing': 'the record does not allow it',
  'bad-input': 'the record cannot hold it',
  'not-yet': 'it has to wait',
  away: 'the record or something else does not answer',
  unknown: 'it failed',
};
/** A code of PostgreSQL or of Node says what happened and quotes nothing. */
const CODE = /^[A-Z0-9_]{3,40}$/;

/**
 * An activity's error as Temporal shall see it: bad input is never retried, everything else is, for as long as the
 * activity's own limits allow: a run must outlive an outage and a fact that is mended later. A history keeps it, so it has
 * words of ours and a code, and neither text, cause nor place of the error itself.
 */
export function toFailure(error: unknown): Error {
  // A call that was cancelled has not failed: Temporal knows it by its own error alone.
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return withoutPlace(error);
  const kind = classify(error);
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const { code } = error as { code?: unknown };
  const what = typeof code === 'string' && CODE.test(code) ? code : name;
  return withoutPlace(
    ApplicationFailure.create({
      message: error instanceof BadInput || error instanceof NotYet ? message : `${TOLD[kind]} (${what}); see the worker's log`,
      type: kind,
      nonRetryable: kind === 'bad-input',
      ...nextRetryDelay(error),
    }),
  );
}

function nextRetryDelay(error: unknown): { readonly nextRetryDelay?: number } {
  if (!(error instanceof Away || error instanceof NotYet) || error.retryAfterMs === undefined) return {};
  return { nextRetryDelay: Math.min(MOST_RETRY_AFTER_MS, Math.max(LEAST_RETRY_AFTER_MS, error.retryAfterMs)) };
}

/** An error as a log shall have it: its kind, code and place, without its text. */
export function loggable(error: unknown): { readonly error: string; readonly at?: string } {
  const { name = 'Error', code, stack = '' } = (error ?? {}) as { name?: unknown; code?: unknown; stack?: string };
  const at = stack.split('\n').filter((line) => /^ {4}at /.test(line));
  const what = [String(name), typeof code === 'string' && CODE.test(code) ? code : ''].filter(Boolean).join(' ');
  return {
    error: what,
    ...(at.length > 0 && {
      at: at
        .slice(0, PLACES)
        .map((line) => line.trim())
        .join('; '),
    }),
  };
}

function withoutPlace<F extends Error>(failure: F): F {
  failure.stack = '';
  return failure;
}
