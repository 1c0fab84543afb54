import type pg from 'pg';
import type { Attempt } from '../../domain/attempt.js';
import type { Gate } from '../../domain/policy.js';
import { gateViews, soakView } from '../../domain/view.js';
import { loadAttempt } from '../attempt.js';
import { allPeople, type Person } from '../people.js';
import { couldApprove } from './deciders.js';
import { inSnapshot } from './snapshot.js';

/** A gate that waits for a decision: since when, until when, and whose approval would count; times as ISO text. */
export interface PendingGate {
  readonly model: string;
  readonly version: string;
  readonly gate: Gate;
  readonly asks: string;
  readonly since: string;
  readonly dueAt: string;
  readonly state: 'open' | 'void';
  readonly group: string;
  readonly promotionId: string;
  readonly who: readonly string[];
}

/** Everybody on the record and every gate that waits, at one moment, the one due first in front. */
export async function readPending(pool: pg.Pool): Promise<{ people: Person[]; pending: PendingGate[] }> {
  return await inSnapshot(pool, async (db) => {
    const people = await allPeople(db);
    const { rows } = await db.query<{ id: string }>(`SELECT id FROM promotion WHERE state = 'staging' ORDER BY staged_at, id`);
    const pending: PendingGate[] = [];
    for (const { id } of rows) {
      const attempt = await loadAttempt(db, id);
      if (attempt) pending.push(...waitingGates(attempt, people));
    }
    return { people, pending: pending.sort((one, other) => Date.parse(one.dueAt) - Date.parse(other.dueAt)) };
  });
}

function waitingGates(attempt: Attempt, people: readonly Person[]): PendingGate[] {
  const { model, version, promotionId } = attempt;
  const soak = soakView(attempt);
  if (attempt.state !== 'staging' || !soak) return [];
  const { startedAt: since, maxEndsAt: dueAt } = soak;
  return gateViews(attempt).flatMap(({ gate, asks, group, state }) => {
    if (state !== 'open' && state !== 'void') return [];
    return [{ model, version, gate, asks, since, dueAt, state, group, promotionId, who: couldApprove(attempt, gate, people) }];
  });
}
