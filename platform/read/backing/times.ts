import type { TrailEvent } from '../audit-trail.js';
import type { Moment } from './backing.js';

const MINUTE_MS = 60_000;
/** An act is judged in one transaction, which the pool's limits end after minutes: an hour is never reached. */
const ACT_MS = 60 * MINUTE_MS;

/** The database's microseconds of a column, written as the trail writes times. */
export function micros(column: string): string {
  return `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/**
 * Whether a column holds the time of an event, or nothing where there is none. The event gets its time first and the row
 * after it; `append_audit` refuses an event whose time is more than a minute before that.
 */
export function isTimeOf(column: string | null, event: Moment | null): boolean {
  if (column === null || event === null) return column === null && event === null;
  const after = Date.parse(column) - Date.parse(event.at);
  return after >= 0 && after <= MINUTE_MS;
}

/** The jumps of the installation's clock so far, to tell how far before its event an act can have been received. */
export interface Jumps {
  take(event: TrailEvent): void;
  /** Whether a time lies before an event by no more than an act lasts, jumps of the clock in between apart. */
  isShortlyBefore(time: string, event: Moment): boolean;
  /** How far the clock was moved in all. */
  offsetMs(): number;
}

/** Starts with a clock that was never moved. */
export function createJumps(): Jumps {
  const jumps: (Moment & { readonly byMs: number })[] = [];
  let offsetMs = 0;
  return {
    take({ seq, at, detail }) {
      jumps.push({ seq, at, byMs: Number(detail['by_ms']) });
      offsetMs = Number(detail['offset_ms']);
    },
    isShortlyBefore(time, { seq, at }) {
      const then = Date.parse(time);
      let [end, leftMs] = [Date.parse(at), ACT_MS];
      for (const jump of jumps.toReversed()) {
        if (jump.seq > seq) continue;
        const landed = Date.parse(jump.at);
        if (end - landed >= leftMs) break;
        if (then >= landed && then <= end) return true;
        leftMs -= end - landed;
        // Until the jump is committed, others go on by the old clock.
        end = landed - jump.byMs + MINUTE_MS;
      }
      return then >= end - leftMs && then <= end;
    },
    offsetMs: () => offsetMs,
  };
}
