import type { Db } from '../../pool.js';
import { differing, type Backing } from './backing.js';
import { fold } from './fold.js';
import { scan } from './scan.js';
import { isTimeOf, type Jumps } from './times.js';
import type { Told, ToldAttempt } from './told.js';

interface Row {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly attempt: number;
  readonly state: string;
  readonly round: number;
  readonly policy: string | null;
  readonly requested_by: string;
  readonly envelope: string;
  readonly on_time: boolean | null;
  readonly staged_at: string | null;
  readonly ended_at: string | null;
  readonly end_reason: string | null;
  readonly asked_at: string | null;
  readonly first_run_id: string | null;
}

const ATTEMPTS = `
  SELECT p.id, m.name AS model, p.version, p.attempt, p.state, p.round, pol.digest AS policy, p.requested_by, p.envelope,
         p.requested_at = e.received_at AS on_time, p.staged_at, p.ended_at, p.end_reason, p.asked_at, p.first_run_id
    FROM promotion p JOIN model_registry m ON m.id = p.model_id LEFT JOIN policy pol ON pol.seq = p.policy_seq
    LEFT JOIN envelope e ON e.hash = p.envelope ORDER BY p.id`;

/** Follows every version and attempt through the events, and compares every attempt's columns with what they add up to. */
export function attemptsBacking(db: Db, told: Told, jumps: Jumps): Backing {
  return {
    take: (events) => Promise.resolve(events.flatMap((event) => fold(told, event))),
    async finish() {
      const unseen = new Set(told.attempts.keys());
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, ATTEMPTS)) {
        for (const row of rows) {
          unseen.delete(row.id);
          const fault = faultOf(row, told.attempts.get(row.id), jumps);
          if (fault !== undefined) faults.push(`promotion ${row.id} ${fault}`);
        }
      }
      return [...faults, ...[...unseen].map((id) => `promotion ${id} is on the trail and not on the record`)];
    },
  };
}

function faultOf(row: Row, is: ToldAttempt | undefined, jumps: Jumps): string | undefined {
  if (!is?.requested) return `is ${row.state}, the trail has it as unknown`;
  if (is.state !== row.state) return `is ${row.state}, the trail has it as ${is.state}`;
  const { model, version, attempt, policy, envelope, round } = is;
  const says = { model, version, attempt, policy, envelope, requested_by: is.requestedBy, on_time: true };
  const fault = differing({ ...row }, says);
  if (fault !== undefined) return `is not what event ${is.requested.seq} says: ${fault}`;
  if (row.first_run_id !== is.run) return `has the run ${row.first_run_id}, the trail has it with ${is.run}`;
  if (row.round !== round) return `is in round ${row.round}, the trail has it in round ${String(round)}`;
  if (row.end_reason !== is.endReason) return `ended for another reason than event ${is.ended?.seq ?? 'none'} says`;
  if (!isTimeOf(row.staged_at, is.staged)) return `has staged_at ${row.staged_at}, ${byEvent(is.staged)}`;
  if (!isTimeOf(row.ended_at, is.ended)) return `has ended_at ${row.ended_at}, ${byEvent(is.ended)}`;
  const isAskedThen = row.asked_at !== null && is.asked !== null && jumps.isShortlyBefore(row.asked_at, is.asked);
  return isAskedThen || (row.asked_at === null && is.asked === null)
    ? undefined
    : `has asked_at ${row.asked_at}, ${byEvent(is.asked)}`;
}

function byEvent(event: { readonly seq: number } | null): string {
  return event ? `which is not what event ${event.seq} says` : 'which no event says';
}
