import { GATES } from '../../domain/policy.js';
import { recordedPolicy } from '../../domain/policy-sections.js';
import { SERVING_FORM, type BundledChange, type ServingBundle } from '../../domain/serving-bundle.js';
import type { VersionName } from '../../domain/ids.js';
import type { Db } from '../pool.js';
import type { Store } from '../store.js';

interface Row extends Pick<
  ServingBundle,
  'installation' | 'environment' | 'artifactDigest' | 'registration' | 'requests' | 'rollback'
> {
  readonly stage: ServingBundle['stage'];
  readonly kind: BundledChange['kind'] | null;
  readonly at: string | null;
  readonly key: string | null;
  readonly promotion: string | null;
  readonly round: number | null;
  readonly record: string | null;
  readonly policy: string | null;
  readonly decisions: readonly string[] | null;
}

/** A version's bundle, and the production change that brought it where it is; `change` is null in staging. */
export interface BundleRead {
  readonly bundle: ServingBundle;
  readonly change: { readonly key: string; readonly at: string } | null;
}

const MANIFEST_LIMIT_BYTES = 5_000_000;

/** The last change of the model counts only where it is one to this version: whatever else is in production came there by no change. */
const SERVED = `
  SELECT i.id AS installation, i.environment, v.status AS stage, v.artifact_digest AS "artifactDigest", e.jws AS registration,
         ARRAY(SELECT r.jws FROM promotion a JOIN envelope r ON r.hash = a.envelope
                WHERE a.model_id = v.model_id AND a.version = v.version AND a.attempt <= coalesce(p.attempt, a.attempt)
                ORDER BY a.attempt) AS requests,
         l.kind, l.at, l.key, p.id AS promotion, p.round, c.record, pol.effective AS policy, b.jws AS rollback,
         (SELECT array_agg(d.jws ORDER BY n) FROM unnest(c.decisions) WITH ORDINALITY AS by (hash, n) JOIN envelope d USING (hash)) AS decisions
    FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id JOIN envelope e ON e.hash = v.envelope
    CROSS JOIN installation i
    LEFT JOIN LATERAL (SELECT * FROM production_change WHERE model_id = v.model_id ORDER BY seq DESC LIMIT 1) l
      ON v.status = 'production' AND l.to_version = v.version
    LEFT JOIN LATERAL (SELECT * FROM production_change WHERE model_id = v.model_id AND to_version = v.version AND kind = 'promotion'
                        ORDER BY seq DESC LIMIT 1) c ON l.key IS NOT NULL
    LEFT JOIN promotion p ON p.id = c.promotion_id
    LEFT JOIN policy pol ON pol.seq = p.policy_seq
    LEFT JOIN envelope b ON l.kind = 'rollback' AND b.hash = l.envelope
   WHERE m.name = $1 AND v.version = $2 AND v.status IN ('staging', 'production')`;

/**
 * Reads what proves that a version may be loaded where it is; nothing of it is believed before it is verified. Undefined when it
 * is in neither stage, and a `FileError` is thrown when its manifest is not in the store.
 */
export async function readServingBundle(db: Db, store: Store, { model, version }: VersionName): Promise<BundleRead | undefined> {
  const { rows } = await db.query<Row>(SERVED, [model, version]);
  const row = rows[0];
  if (!row) return undefined;
  const { installation, environment, stage, artifactDigest, registration, requests, rollback, policy, decisions, key, at } = row;
  const bundle: ServingBundle = {
    form: SERVING_FORM,
    installation,
    environment,
    model,
    version,
    stage,
    artifactDigest,
    registration,
    requests,
    rollback,
    policy,
    manifest: JSON.parse((await store.read(artifactDigest, MANIFEST_LIMIT_BYTES)).toString('utf8')) as ServingBundle['manifest'],
    change: changeOf(row),
    gates: policy === null ? null : gatesOf(policy),
    decisions: decisions ?? [],
  };
  return { bundle, change: key === null || at === null ? null : { key, at } };
}

function changeOf({ kind, promotion, round, record }: Row): BundledChange | null {
  if (kind === null || promotion === null || round === null || record === null) return null;
  const { evidenceDigest, policyDigest, featureHash } = JSON.parse(record) as BundledChange;
  return { kind, promotion, round, evidenceDigest, policyDigest, featureHash };
}

function gatesOf(policy: string): ServingBundle['gates'] {
  const { gates } = recordedPolicy(policy);
  const each = GATES.map((gate) => [gate, { group: gates[gate].group, quorum: gates[gate].quorum }] as const);
  return Object.fromEntries(each) as ServingBundle['gates'];
}
