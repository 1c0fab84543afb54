import type { ActType } from '../../domain/acts.js';
import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import { notLoadable, type BundledActs, type SignedBy } from '../../domain/loadable.js';
import { GATES, type Policy } from '../../domain/policy.js';
import { recordedPolicy } from '../../domain/policy-sections.js';
import { wrongBundleField, type ServingBundle } from '../../domain/serving-bundle.js';
import { wrongTrust, type Trust } from '../../domain/trust.js';
import { sha256 } from '../digest.js';
import { verifyAct, type RevokedKeys } from './signed-act.js';

/** What a serving bundle came to: it proves that this version may be loaded, or the first thing that is wrong with it. */
export type BundleVerdict =
  { readonly ok: true; readonly bundle: ServingBundle } | { readonly ok: false; readonly problem: string };

/** What was asked for; a bundle of anything else is refused, however well it is signed. */
export interface Asked {
  readonly model?: string;
  readonly stage?: ServingBundle['stage'];
}

const LIMIT_CHARACTERS = 8_000_000;

/** Verifies a serving bundle, parsed or as text, against whom the verifier trusts; its files are another matter. */
export async function verifyServingBundle(
  given: unknown,
  trust: Trust,
  { model, stage = 'production' }: Asked,
): Promise<BundleVerdict> {
  const fault = wrongTrust(trust);
  if (fault !== undefined) return wrong(`the trust file: ${fault}`);
  const parsed = typeof given === 'string' ? parse(given) : given;
  const field = wrongBundleField(parsed);
  if (field !== undefined) return wrong(field);
  const bundle = parsed as ServingBundle;
  const expected = {
    installation: trust.installation,
    environment: trust.environment,
    stage,
    model: model ?? bundle.model,
    artifactDigest: sha256(canonicalJson(bundle.manifest as unknown as JsonValue)),
  };
  const other = (Object.keys(expected) as (keyof typeof expected)[]).find((name) => bundle[name] !== expected[name]);
  if (other !== undefined) return wrong(`${other} is ${bundle[other]}, not ${expected[other]}`);
  const policy = policyOf(bundle);
  if (typeof policy === 'string') return wrong(policy);
  const acts = await actsOf(bundle, trust);
  if (typeof acts === 'string') return wrong(acts);
  const problem = notLoadable(bundle, acts, policy, trust);
  return problem === undefined ? { ok: true, bundle } : wrong(problem);
}

function wrong(problem: string): BundleVerdict {
  return { ok: false, problem };
}

function parse(text: string): unknown {
  if (text.length > LIMIT_CHARACTERS) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The policy that was signed, or why it is not. */
function policyOf({ policy, change }: ServingBundle): Policy | null | string {
  if (policy === null) return null;
  if (sha256(policy) !== change?.policyDigest) return 'policy is not the one of change.policyDigest';
  const gates = (parse(policy) as { gates?: Readonly<Record<string, unknown>> } | null | undefined)?.gates;
  const isWhole = GATES.every((gate) => typeof gates?.[gate] === 'object' && gates[gate] !== null);
  return isWhole ? recordedPolicy(policy) : 'policy says nothing of the gates';
}

/** Every signed act of the bundle, or which of them counts for nothing and why. */
async function actsOf(bundle: ServingBundle, trust: Trust): Promise<BundledActs | string> {
  // Who registered and asked matters for who may not approve, also where their key was revoked since.
  const groups: readonly (readonly [keyof BundledActs, ActType, readonly string[], RevokedKeys])[] = [
    ['registration', 'register', [bundle.registration], 'known'],
    ['requests', 'request', bundle.requests, 'known'],
    ['decisions', 'decision', bundle.decisions, 'refused'],
    ['rollback', 'rollback', bundle.rollback === null ? [] : [bundle.rollback], 'refused'],
  ];
  const acts: Record<keyof BundledActs, SignedBy[]> = { registration: [], requests: [], decisions: [], rollback: [] };
  for (const [name, act, envelopes, revoked] of groups) {
    for (const envelope of envelopes) {
      const verdict = await verifyAct(envelope, act, trust, revoked);
      if (!verdict.ok) return `${name}: ${verdict.problem}`;
      acts[name].push(verdict.act);
    }
  }
  const { registration, requests, decisions, rollback } = acts;
  return { registration: registration[0] as SignedBy, requests, decisions, rollback: rollback[0] ?? null };
}
