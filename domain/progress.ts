import type { Finding } from './checks.js';
import type { Gate } from './policy.js';

/** The stages of a version (rules §1); `archived`, `rejected`, `withdrawn` and `expired` are also the ends of an attempt. */
export type Stage =
  'registered' | 'validating' | 'staging' | 'production' | 'archived' | 'deleted' | 'rejected' | 'withdrawn' | 'expired';

/** One gate as people see it. */
export interface GateView {
  readonly gate: Gate;
  readonly asks: string;
  readonly group: string;
  readonly state: 'open' | 'approved' | 'rejected' | 'void';
  /** E-mail of the person whose decision made the state, and when it was received. */
  readonly by: string | null;
  readonly at: string | null;
  /** Why that decision is void; null in every other state. */
  readonly why: string | null;
}

/** How far the soak is; times are ISO 8601 in UTC, durations milliseconds. */
export interface SoakView {
  readonly startedAt: string;
  readonly earnedMs: number;
  readonly minMs: number;
  readonly minEndsAt: string;
  readonly maxEndsAt: string;
  readonly paused: boolean;
}

/** The fields of a decision's statement that come from the record, as the client signs them. */
export interface StatementFields {
  readonly installation: string;
  readonly environment: string;
  readonly promotion: string;
  readonly round: number;
  readonly model: string;
  readonly version: string;
  readonly from_stage: string;
  readonly to_stage: string;
  readonly artifact_digest: string;
  readonly feature_hash: string;
  readonly evidence_digest: string;
  readonly policy_digest: string;
}

/** What the query `progress` answers: a copy of the record at `asOf` that decides nothing. */
export interface Progress {
  readonly asOf: string;
  readonly promotionId: string;
  readonly model: string;
  readonly version: string;
  readonly state: Stage;
  /** The numbers in which the pinned policy is looser than the guidelines; empty when in none. */
  readonly relaxed: readonly string[];
  readonly requestedBy: string;
  /** What a decision is signed over; null until the evidence of this round is complete. */
  readonly statement: StatementFields | null;
  /** Until when a decision may be received; null while no gate is open. */
  readonly decideUntil: string | null;
  readonly evidence: readonly Finding[];
  readonly checksOpen: readonly string[];
  readonly gates: readonly GateView[];
  readonly soak: SoakView | null;
  /** What the attempt waits for, in words; empty when for nothing. */
  readonly waitingFor: readonly string[];
  /** Which waits people have signed to skip, in words; runs of before have it not. */
  readonly breakGlass?: readonly string[];
}
