import type { Attempt } from '../../domain/attempt.js';
import { judgeDecision } from '../../domain/gates.js';
import type { Gate } from '../../domain/policy.js';
import type { Person } from '../people.js';

/** The people whose approval of a gate would count at this moment, by the rule that judges approvals. */
export function couldApprove(attempt: Attempt, gate: Gate, people: readonly Person[]): string[] {
  const asked = { gate, decision: 'approve', comment: '' } as const;
  const could = people.filter((person) => !person.revoked && judgeDecision(attempt, person, asked) === undefined);
  return could.map(({ email }) => email);
}
