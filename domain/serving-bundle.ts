import { SEMVER, MODEL_NAME, SHA256 } from './ids.js';
import { GATES, type Gate, type GatePolicy } from './policy.js';

/** One file of a package, as its manifest has it. */
export interface BundledFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** Everything from which a serving system verifies by itself that a version may be loaded; all of it is signed or hashed. */
export interface ServingBundle {
  readonly form: typeof SERVING_FORM;
  readonly installation: string;
  readonly environment: string;
  readonly model: string;
  readonly version: string;
  readonly stage: 'staging' | 'production';
  readonly artifactDigest: string;
  /** The SHA-256 of its canonical JSON is the artifact digest. */
  readonly manifest: { readonly files: readonly BundledFile[] };
  /** The signed act that registered the version, and those that asked for its attempts, in their order. */
  readonly registration: string;
  readonly requests: readonly string[];
  /** What put the version into production; null in staging. */
  readonly change: BundledChange | null;
  /** The effective policy of the attempt, whose SHA-256 was signed, and what it says of the gates. */
  readonly policy: string | null;
  readonly gates: Readonly<Record<Gate, Pick<GatePolicy, 'group' | 'quorum'>>> | null;
  /** The signed approvals. */
  readonly decisions: readonly string[];
  /** The signed rollback, where one brought the version back. */
  readonly rollback: string | null;
}

/** A production change as the approvals are over it. */
export interface BundledChange {
  /** An `automatic` rollback is signed by nobody: what it brings back was approved by four people before. */
  readonly kind: 'promotion' | 'rollback' | 'automatic';
  readonly promotion: string;
  readonly round: number;
  readonly evidenceDigest: string;
  readonly policyDigest: string;
  readonly featureHash: string;
}

export const SERVING_FORM = 'gatehouse-serving/v1';

type Form = (value: unknown) => boolean;

const text: Form = (value) => typeof value === 'string';
const whole: Form = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const matching =
  (pattern: RegExp): Form =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const oneOf =
  (...allowed: readonly string[]): Form =>
  (value) =>
    allowed.includes(value as string);
const orNull =
  (form: Form): Form =>
  (value) =>
    value === null || form(value);
const list =
  (form: Form): Form =>
  (value) =>
    Array.isArray(value) && value.every((each) => form(each));
/** An object with exactly these fields. */
const exactly =
  (fields: Readonly<Record<string, Form>>): Form =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).toSorted().join() === Object.keys(fields).toSorted().join() &&
    Object.entries(fields).every(([name, form]) => form((value as Record<string, unknown>)[name]));

const digest = matching(SHA256);
const FIELDS: Readonly<Record<keyof ServingBundle, Form>> = {
  form: oneOf(SERVING_FORM),
  installation: text,
  environment: text,
  model: matching(MODEL_NAME),
  version: matching(SEMVER),
  stage: oneOf('staging', 'production'),
  artifactDigest: digest,
  manifest: exactly({ files: list(exactly({ path: text, sha256: digest, size: whole })) }),
  registration: text,
  requests: list(text),
  change: orNull(
    exactly({
      kind: oneOf('promotion', 'rollback', 'automatic'),
      promotion: text,
      round: whole,
      evidenceDigest: digest,
      policyDigest: digest,
      featureHash: digest,
    }),
  ),
  policy: orNull(text),
  gates: orNull(exactly(Object.fromEntries(GATES.map((gate) => [gate, exactly({ group: text, quorum: whole })])))),
  decisions: list(text),
  rollback: orNull(text),
};

/** The first field of something given as a serving bundle that is missing, extra or not of its form; undefined when none is. */
export function wrongBundleField(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'the bundle is no JSON object';
  const bundle = value as Readonly<Record<string, unknown>>;
  const wrong = Object.entries(FIELDS).find(([name, form]) => !Object.hasOwn(bundle, name) || !form(bundle[name]))?.[0];
  if (wrong !== undefined) return `${wrong} is not of its form`;
  return Object.keys(bundle).every((name) => Object.hasOwn(FIELDS, name)) ? undefined : 'it has a field that is none of its own';
}
