import type { Attempt } from '../../domain/attempt.js';
import { evidenceBytes, type CheckName, type Finding } from '../../domain/checks.js';
import { sha256 } from '../../platform/digest.js';
import type { EvidenceRecord, SignedDecision } from '../../platform/read/evidence.js';
import { attempt, decided, finding, STAGED_AT } from '../support/attempt.js';

const of = (check: string, change: Partial<Finding>): Finding => ({ ...finding(check as CheckName), ...change });

/** A finding of every check, with figures as the checks write them. */
export const FINDINGS: readonly Finding[] = [
  of('artifacts', { measured: { files: '3', bytes: '10468' }, source: 'every file of the package' }),
  of('feature-schema', {
    measured: { feature_hash: 'a'.repeat(64), features: '131' },
    limit: { feature_hash: 'a'.repeat(64), features: '131' },
  }),
  of('lineage', { measured: { dataset: 'ad_train', run: 'ad-1', commit: 'c'.repeat(40) }, limit: { dataset: 'ad_train' } }),
  of('performance', {
    measured: {
      accuracy: '0.94',
      accuracy_ci95: '0.8752 to 0.9722',
      roc_auc: '0.9868',
      roc_auc_ci95: '0.9092 to 0.9982',
      precision: '0.9565',
      recall: '0.8148',
      f1: '0.88',
      true_positives: '22',
      false_positives: '1',
      true_negatives: '72',
      false_negatives: '5',
      rows: '100',
      'male=0 accuracy': '0.9265',
      'male=0 accuracy_ci95': '0.8391 to 0.9682',
      'male=0 roc_auc': '0.9832',
      'male=0 rows': '68',
      'male=1 accuracy': '0.9687',
      'male=1 rows': '32',
    },
    limit: { accuracy: '>= 0.85', roc_auc: '>= 0.8', rows: '>= 50', 'male=0 accuracy': '>= 0.6' },
    source: 'hold-out set ad_holdout',
    curves: { roc: '0 0, 0 0.5, 0.25 0.75, 1 1' },
  }),
  of('not-worse-than-production', {
    measured: {
      accuracy: '0.94',
      roc_auc: '0.9868',
      production_version: '1.2.0',
      production_accuracy: '0.92',
      production_roc_auc: '0.9797',
      accuracy_difference: '0.02',
      accuracy_difference_ci95: '-0.0186 to 0.0578',
      roc_auc_difference: '0.0071',
      roc_auc_difference_ci95: '-0.0132 to 0.0274',
      both_right: '92',
      only_candidate_right: '2',
      only_production_right: '0',
      both_wrong: '6',
      mcnemar_p: '0.5',
      rows: '100',
    },
    limit: { accuracy: '>= 0.91 (0.92 less the margin 0.01)', roc_auc: '>= 0.9797' },
    curves: { roc: '0 0, 0 0.5, 1 1', production_roc: '0 0, 0.5 0.75, 1 1' },
  }),
  of('latency', {
    measured: { p50_ms: '0.352', p95_ms: '12.391', p99_ms: '36.39', max_ms: '56.353', predictions: '150' },
    limit: { p95_ms: '<= 100' },
    curves: { latency_ms: '0.1 0.01, 0.352 0.5, 12.391 0.95, 36.39 0.99, 56.353 1' },
  }),
  of('resources', {
    measured: { size_bytes: '3061', peak_memory_bytes: '93753344', cpu: '0.9', cpu_ms: '56.055', wall_ms: '3000' },
    limit: { size_bytes: '< 100000000', peak_memory_bytes: '< 1000000000', cpu: '< 0.8' },
    verdict: 'fail',
    reason: 'CPU share of the granted cores 0.9 is not below 0.8',
  }),
  of('data-quality', {
    measured: { rows: '233', nulls: '0', minority: '0.2747', 'column age': '51 to 94', 'column tau': '1 to 9' },
    limit: { rows: '>= 100', nulls: '<= 0', 'column age': '>= 40, <= 120', 'column male': 'one of 0, 1' },
  }),
  of('security-scan', {
    measured: {
      files: '3',
      critical: '0',
      high: '0',
      medium: '0',
      low: '2',
      info: '7',
      scanner: 'not needed',
      signature: 'none',
    },
    limit: { findings: 'none at or above high' },
  }),
  of('checklist', { measured: { documentation: 'MODEL_CARD.md, 694 characters', ab_test: 'not applicable: no traffic' } }),
];

/** A signed decision over some evidence. */
export function signed(change: Partial<SignedDecision> = {}): SignedDecision {
  return {
    ...decided('devops', 'olga.devops@duetmind.example'),
    at: Date.parse('2026-09-08T09:10:11.000Z'),
    printedName: 'Olga Devops',
    meaning: 'I attest for the devops gate: devops agrees',
    comment: '',
    evidenceDigest: sha256(evidenceBytes(FINDINGS)),
    ...change,
  };
}

/** The record of an attempt in staging with every finding. */
export function record(change: Partial<Attempt> = {}, more: Partial<EvidenceRecord> = {}): EvidenceRecord {
  const findings = change.findings ?? FINDINGS;
  const evidenceDigest = sha256(evidenceBytes(findings));
  const decisions = more.decisions ?? [];
  return {
    attempt: attempt({ now: STAGED_AT + 3_600_000, findings, evidenceDigest, decisions, ...change }),
    decisions,
    requestedAt: '2026-09-07T07:59:00.000Z',
    endedAt: null,
    isSimulated: false,
    promoted: null,
    demoPeople: [],
    ...more,
  };
}

/** What stands in a page, as somebody reads it: tags away, entities resolved, white space as one space. */
export function readable(page: string): string {
  const text = page
    .replace(/<style>[^]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');
  return text.replace(/\s+/g, ' ');
}
