import { canonicalJson, type JsonValue } from './canonical.js';

/** The automated checks (rules §2), in the order in which they are shown. */
export const CHECKS = [
  'artifacts',
  'feature-schema',
  'lineage',
  'security-scan',
  'data-quality',
  'performance',
  'not-worse-than-production',
  'latency',
  'resources',
  'checklist',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** The checks that can go stale and pass again at the production change (rules §1, staging → production). */
export const RECHECKS = ['artifacts', 'feature-schema', 'not-worse-than-production'] as const satisfies readonly CheckName[];

/** Rules §2: `error` (could not be measured) is never a pass; `skipped` passes only for a reason its own rule names. */
export type Verdict = 'pass' | 'fail' | 'error' | 'skipped';

/** What one check found: figures are text, so that no store or parser can change them. */
export interface Finding {
  readonly check: CheckName;
  readonly verdict: Verdict;
  /** What was measured, name → figure as text, e.g. `{accuracy: "0.94"}`. */
  readonly measured: Readonly<Record<string, string>>;
  /** What was asked for, in the same names where there is one, e.g. `{accuracy: ">= 0.85"}`. */
  readonly limit: Readonly<Record<string, string>>;
  /** Where the figures came from, in words a reviewer understands, digests included. */
  readonly source: string;
  /** Why it failed, errored or was skipped; empty when it passed. */
  readonly reason: string;
  /** What is drawn beside the figures, name → curve as text, e.g. `{roc: "0 0, 0 0.52, 1 1"}`; absent where nothing is. */
  readonly curves?: Readonly<Record<string, string>>;
}

/** The reasons for which a check may be skipped and still count as passed, by check (rules §2). */
export const SKIP_REASONS: Readonly<Partial<Record<CheckName, readonly string[]>>> = {
  'not-worse-than-production': ['no production version yet'],
};

/** Whether a finding counts as passed. */
export function passes(finding: Pick<Finding, 'check' | 'verdict' | 'reason'>): boolean {
  if (finding.verdict === 'pass') return true;
  return finding.verdict === 'skipped' && (SKIP_REASONS[finding.check] ?? []).includes(finding.reason);
}

/**
 * The canonical bytes of one round's evidence, whose SHA-256 is the evidence digest reviewers sign:
 * every finding in the order of {@link CHECKS}, without times and durations.
 */
export function evidenceBytes(findings: readonly Finding[]): string {
  const ordered = CHECKS.flatMap((check) => findings.filter((finding) => finding.check === check));
  return canonicalJson(ordered.map(findingJson));
}

/** The canonical text in which one finding is kept on the record. */
export function findingText(finding: Finding): string {
  return canonicalJson(findingJson(finding));
}

function findingJson({ check, verdict, measured, limit, source, reason, curves }: Finding): JsonValue {
  return { check, verdict, measured, limit, source, reason, ...(curves && { curves }) };
}

/** A feature of a model: its name and the type it is fed as. */
export interface Feature {
  readonly name: string;
  readonly type: string;
}

/** The canonical bytes of a feature schema, whose SHA-256 is the feature hash: ordered names and types (rules §2). */
export function featureBytes(features: readonly Feature[]): string {
  return canonicalJson(features.map(({ name, type }) => ({ name, type })));
}
