import type { Decision } from './acts.js';
import type { CheckName, Finding } from './checks.js';
import type { Freeze } from './freeze.js';
import type { Gate, Policy } from './policy.js';
import type { Stage } from './progress.js';
import type { Soak } from './soak.js';

/** Why the record opens a new round by itself (design §4: "artifact, validation evidence, pinned policy or soak start change"). */
export type RoundReason = 'artifact changed' | 'evidence changed' | 'policy changed' | 'soak restarted';

/** A round that the record opened; one that a person opened by another policy is not among them. */
export interface Round {
  readonly round: number;
  readonly reason: RoundReason;
  /** What it is that changed, in words. */
  readonly what: string;
  readonly at: number;
}

/** Why a decision does not count. */
export interface Fault {
  readonly cause: RoundReason | 'policy re-pinned' | 'key revoked' | 'left the group' | 'not signed';
  /** What of it, in words; empty where there is no more to say. */
  readonly what: string;
}

/** What one signature for a break-glass is for. */
export type Skip = 'soak' | 'freeze' | 'both';

/** One person's signature for skipping a wait; `stands` is false when it, its author's key or right, or what it is over no longer holds. */
export interface GlassSignature {
  readonly id: string;
  readonly round: number;
  readonly skip: Skip;
  readonly person: string;
  readonly reason: string;
  readonly at: number;
  readonly stands: boolean;
}

/** A decision on the record; `stands` is false when its signature, its statement, its author's key or group no longer holds. */
export interface DecisionRecord {
  readonly id: string;
  readonly round: number;
  readonly gate: Gate;
  readonly decision: Decision;
  readonly person: string;
  readonly at: number;
  readonly stands: boolean;
  /** Why it does not stand; null when it does, or when all that is against it is its round. */
  readonly fault: Fault | null;
  /** The evidence digest it is signed over. */
  readonly evidenceDigest: string;
  /** When people were told first that it is void; null when they were not. */
  readonly toldVoidAt: number | null;
}

/**
 * Who asked for an attempt, or for its production change by hand; `stands` is false when its signature, its author's key or
 * right no longer holds.
 */
export interface AskedBy {
  readonly act: 'request' | 'promote';
  readonly person: string;
  readonly stands: boolean;
}

/** The latest re-check of one check: what it found, when, and beside which production version. */
export interface Recheck {
  readonly id: number;
  readonly finding: Finding;
  readonly at: number;
  readonly against: string | null;
}

/** Everything the record says of one attempt, read at one moment; instants in epoch milliseconds. */
export interface Attempt {
  readonly now: number;
  readonly installation: { readonly id: string; readonly environment: string };
  readonly promotionId: string;
  readonly model: string;
  readonly version: string;
  readonly state: Stage;
  readonly round: number;
  /** The rounds that the record opened, in their order. */
  readonly rounds: readonly Round[];
  /** When the first check of this round began; null before that. */
  readonly roundAt: number | null;
  readonly requestedBy: string;
  /** Its request, and who asked for production since where that no longer stands. */
  readonly askedBy: readonly AskedBy[];
  readonly registeredBy: string;
  /** Who decides no gate: whoever registered this version or asked for any attempt of it. */
  readonly barred: readonly string[];
  readonly artifactDigest: string;
  readonly featureHash: string;
  readonly policyDigest: string;
  readonly policy: Policy;
  readonly relaxed: readonly string[];
  readonly stagedAt: number | null;
  readonly endReason: string | null;
  /** When somebody last asked for production by hand. */
  readonly askedAt: number | null;
  readonly findings: readonly Finding[];
  /** SHA-256 of this round's evidence; null until every check has a verdict. */
  readonly evidenceDigest: string | null;
  readonly soak: Soak | null;
  /** Why its drift monitoring is not configured, as the last look at staging found it; empty when it is. */
  readonly monitoring: string;
  /** The critical issue that staging health found in this round, if any. */
  readonly critical: string | null;
  readonly decisions: readonly DecisionRecord[];
  /** Those of this round. */
  readonly rechecks: readonly Recheck[];
  /** The keys of the notices that were written for this attempt. */
  readonly told: readonly string[];
  /** The version in production now, whichever it is. */
  readonly production: string | null;
  /** What holds promotions of this model back now. */
  readonly freezes: readonly Freeze[];
  /** What people signed to skip a wait of this attempt, in the order received. */
  readonly breakGlass: readonly GlassSignature[];
  /** The production change this attempt made, the decisions it stands on, what follows it and what of that is done. */
  readonly change: {
    readonly key: string;
    readonly decisions?: readonly string[];
    readonly followUps: readonly string[];
    readonly followUpsDone: readonly string[];
  } | null;
}

/** Whether somebody who has the right still asks for production: the requester, or else whoever asked since. */
export function isAskedFor({ askedBy }: Pick<Attempt, 'askedBy'>): boolean {
  return askedBy.some(({ stands }) => stands);
}

/** The checks of this round that have no verdict yet. */
export function checksOpen(attempt: Pick<Attempt, 'findings'>, all: readonly CheckName[]): CheckName[] {
  return all.filter((check) => !attempt.findings.some((finding) => finding.check === check));
}
