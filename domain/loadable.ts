import type { ActPayload } from './acts.js';
import { canonicalJson } from './canonical.js';
import { GATES, type Gate, type Policy } from './policy.js';
import type { BundledChange, ServingBundle } from './serving-bundle.js';
import { meaningOf } from './statement.js';
import { hasTrustedRight, type Trust, type TrustedPerson } from './trust.js';

/** An act whose signature was made by this person's key. */
export interface SignedBy {
  readonly hash: string;
  readonly payload: ActPayload;
  readonly person: TrustedPerson;
}

/** The signed acts of a serving bundle, each verified by itself. */
export interface BundledActs {
  readonly registration: SignedBy;
  readonly requests: readonly SignedBy[];
  readonly decisions: readonly SignedBy[];
  readonly rollback: SignedBy | null;
}

/**
 * Why a version may not be loaded in its stage, or undefined (rules §1, §3 and §5): in production it takes approvals at all four
 * gates by different people, each in the gate's group and none the registrar or a requester, over this very version, policy and
 * evidence; where it was brought back, a signed rollback as well. Signatures and digests are verified before this.
 */
export function notLoadable(bundle: ServingBundle, acts: BundledActs, policy: Policy | null, trust: Trust): string | undefined {
  return (
    wrongOrigin(bundle, acts) ??
    (bundle.stage === 'staging' ? wrongInStaging(bundle) : undefined) ??
    brought(bundle, acts, policy, trust)
  );
}

function wrongOrigin({ model, version, artifactDigest }: ServingBundle, acts: BundledActs): string | undefined {
  const { registration, requests } = acts;
  const registered = differing(registration, { model, version, artifact_digest: artifactDigest });
  if (registered !== undefined) return `the registration: ${registered}`;
  if (requests.length === 0) return 'nobody has asked for this version';
  if (new Set(requests.map(({ hash }) => hash)).size < requests.length) return 'a request is there twice';
  const asked = requests.map((request) => differing(request, { model, version })).find((fault) => fault !== undefined);
  return asked === undefined ? undefined : `a request: ${asked}`;
}

function wrongInStaging({ change, policy, gates, decisions, rollback }: ServingBundle): string | undefined {
  const isPlain = change === null && policy === null && gates === null && decisions.length === 0 && rollback === null;
  return isPlain ? undefined : 'a version in staging has no production change';
}

function brought(bundle: ServingBundle, acts: BundledActs, policy: Policy | null, trust: Trust): string | undefined {
  const { change, gates, stage } = bundle;
  if (stage === 'staging') return undefined;
  if (!change || !policy || !gates) return 'a version in production has a production change, and a policy it was judged by';
  return (
    wrongPolicy(policy, gates) ??
    wrongAttempt(bundle, change, acts) ??
    wrongApprovals(bundle, change, acts, policy) ??
    wrongRollback(bundle, change, acts, policy, trust)
  );
}

function wrongPolicy({ gates: judged }: Policy, gates: NonNullable<ServingBundle['gates']>): string | undefined {
  for (const gate of GATES) {
    const { group, quorum, asks } = judged[gate];
    if (typeof group !== 'string' || typeof asks !== 'string' || !Number.isSafeInteger(quorum) || quorum < 1)
      return `the policy says nothing of gate ${gate}`;
    if (canonicalJson({ group, quorum }) !== canonicalJson({ ...gates[gate] }))
      return `gates.${gate} is not what the policy says`;
  }
  return undefined;
}

/** Each attempt of a version is asked for once, so that no request can be left out. */
function wrongAttempt(
  { model, version }: ServingBundle,
  { promotion }: BundledChange,
  { requests }: BundledActs,
): string | undefined {
  const expected = `${model}/${version}/${requests.length}`;
  return promotion === expected ? undefined : `change.promotion is ${promotion}, and the requests make it ${expected}`;
}

function wrongApprovals(bundle: ServingBundle, change: BundledChange, acts: BundledActs, policy: Policy): string | undefined {
  const { model, version, artifactDigest } = bundle;
  const { promotion, round, evidenceDigest, policyDigest, featureHash } = change;
  const over = {
    model,
    version,
    promotion,
    round,
    from_stage: 'staging',
    to_stage: 'production',
    decision: 'approve',
    artifact_digest: artifactDigest,
    feature_hash: featureHash,
    evidence_digest: evidenceDigest,
    policy_digest: policyDigest,
  };
  const barred = [acts.registration, ...acts.requests].map(({ person }) => person.email);
  const given = new Map<string, string>();
  for (const decision of acts.decisions) {
    const { person, payload } = decision;
    const gate = payload['gate'] as Gate;
    const { group, asks } = policy.gates[gate];
    const fault = differing(decision, { ...over, meaning: meaningOf('approve', gate, asks) });
    if (fault !== undefined) return `the approval at ${gate}: ${fault}`;
    if (!person.groups.includes(group)) return `${person.email} is not in group ${group}, which decides ${gate}`;
    if (barred.includes(person.email)) return `self-approval: ${person.email} registered or requested this version`;
    if (given.has(person.email)) return `${person.email} approved twice`;
    given.set(person.email, gate);
  }
  const lacking = GATES.find((gate) => [...given.values()].filter((each) => each === gate).length < policy.gates[gate].quorum);
  return lacking === undefined ? undefined : `gate ${lacking} has fewer than ${policy.gates[lacking].quorum} approvals`;
}

function wrongRollback(
  bundle: ServingBundle,
  { kind }: BundledChange,
  acts: BundledActs,
  policy: Policy,
  trust: Trust,
): string | undefined {
  const { rollback } = acts;
  if ((kind === 'rollback') !== (rollback !== null))
    return `change.kind is ${kind}, and ${rollback ? 'a' : 'no'} rollback is there`;
  if (!rollback) return undefined;
  const fault = differing(rollback, { model: bundle.model, to_version: bundle.version });
  if (fault !== undefined) return `the rollback: ${fault}`;
  const { person } = rollback;
  return hasTrustedRight(trust, person, 'rollback', policy.rights) ? undefined : `${person.email} has no right to a rollback`;
}

/** The first field in which a signed act says something else, in words. */
function differing({ payload }: SignedBy, expected: Readonly<Record<string, string | number>>): string | undefined {
  const field = Object.keys(expected).find((name) => payload[name] !== expected[name]);
  return field && `${field} is signed as ${String(payload[field])}, not ${String(expected[field])}`;
}
