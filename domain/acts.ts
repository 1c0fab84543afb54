import { GROUP_LIST, KEY_ID, MODEL_NAME, SEMVER, SHA256 } from './ids.js';
import { GATES } from './policy.js';
import type { Right, RightsTable } from './rights.js';

type FieldRule = (value: unknown) => boolean;

const text =
  (max: number, min = 1): FieldRule =>
  (value) =>
    typeof value === 'string' && value.length >= min && value.length <= max;
const matching =
  (pattern: RegExp): FieldRule =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const oneOf =
  (...allowed: readonly string[]): FieldRule =>
  (value) =>
    typeof value === 'string' && allowed.includes(value);
const orNothing =
  (rule: FieldRule): FieldRule =>
  (value) =>
    value === '' || rule(value);
const whole: FieldRule = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
/** A moment of the calendar in the one form in which moments are compared as text. */
const instant: FieldRule = (value) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return false;
  const at = Date.parse(value);
  return !Number.isNaN(at) && new Date(at).toISOString() === value;
};

/** The fields every envelope carries: which act, where it counts, who signs, and for how long it may be received. */
const ENVELOPE_FIELDS = {
  typ: text(64),
  installation: text(64),
  environment: text(32),
  person: text(254),
  printed_name: text(200),
  nonce: matching(/^[A-Za-z0-9_-]{16,64}$/),
  issued: instant,
  expires: instant,
} as const satisfies Record<string, FieldRule>;

const version = { model: matching(MODEL_NAME), version: matching(SEMVER) };
/** Why somebody does by hand what no rule does: said in 10–2,000 characters, and signed. */
const reason: FieldRule = (value) => typeof value === 'string' && value.trim().length >= 10 && value.length <= 2000;
const attempt = { ...version, promotion: text(200, 0), reason };
/** A new key, and what it signed itself: whoever asks for it has it. */
const newKey = { key: matching(KEY_ID), request: matching(/^[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{86}$/) };
const versionOrNone = matching(new RegExp(`${SEMVER.source}|^$`));

/** What a decision is signed over besides the envelope's own fields (rules §3, design §4). */
const STATEMENT_FIELDS = {
  ...version,
  promotion: text(200),
  round: whole,
  from_stage: text(32),
  to_stage: text(32),
  artifact_digest: matching(SHA256),
  feature_hash: matching(SHA256),
  evidence_digest: matching(SHA256),
  policy_digest: matching(SHA256),
  gate: oneOf(...GATES),
  decision: oneOf('approve', 'reject', 'retract'),
  meaning: text(1000),
  comment: text(2000, 0),
} as const satisfies Record<string, FieldRule>;

interface Act {
  readonly typ: string;
  /**
   * The right of the policy's table that the signer must have; `gate`: the group of the gate that is decided, `stage`: those of
   * the policy's `access`, `self`: anybody, about themselves.
   */
  readonly right: Right | 'gate' | 'stage' | 'self';
  readonly fields: Readonly<Record<string, FieldRule>>;
}

/**
 * The one table of acts: everything that can be written from outside, who has the right to it,
 * and exactly which fields its signed envelope carries besides {@link ENVELOPE_FIELDS}.
 */
export const ACTS = {
  policy: { typ: 'gatehouse-policy/v1', right: 'policy', fields: { model: matching(MODEL_NAME), file: matching(SHA256) } },
  'feature-view': { typ: 'gatehouse-feature-view/v1', right: 'feature-view', fields: { file: matching(SHA256) } },
  dataset: {
    typ: 'gatehouse-dataset/v1',
    right: 'dataset',
    fields: { file: matching(SHA256), data: matching(SHA256) },
  },
  register: {
    typ: 'gatehouse-register/v1',
    right: 'register',
    fields: { ...version, artifact_digest: matching(SHA256) },
  },
  request: {
    typ: 'gatehouse-request/v1',
    right: 'request',
    fields: { ...version, from_stage: text(32), to_stage: text(32) },
  },
  promote: {
    typ: 'gatehouse-promote/v1',
    right: 'promote',
    fields: { ...version, promotion: text(200, 0), from_stage: text(32), to_stage: oneOf('production') },
  },
  decision: { typ: 'gatehouse-decision/v1', right: 'gate', fields: STATEMENT_FIELDS },
  extend: { typ: 'gatehouse-extend/v1', right: 'extend', fields: { ...attempt, by_ms: whole } },
  pause: { typ: 'gatehouse-pause/v1', right: 'pause', fields: attempt },
  resume: { typ: 'gatehouse-resume/v1', right: 'resume', fields: attempt },
  withdraw: { typ: 'gatehouse-withdraw/v1', right: 'withdraw', fields: attempt },
  repin: { typ: 'gatehouse-repin/v1', right: 'repin', fields: { ...attempt, policy_digest: matching(SHA256) } },
  'break-glass': {
    typ: 'gatehouse-break-glass/v1',
    right: 'break-glass',
    fields: {
      ...attempt,
      round: whole,
      artifact_digest: matching(SHA256),
      evidence_digest: matching(SHA256),
      policy_digest: matching(SHA256),
      skip: oneOf('soak', 'freeze', 'both'),
    },
  },
  freeze: {
    typ: 'gatehouse-freeze/v1',
    right: 'freeze',
    fields: { model: matching(new RegExp(`${MODEL_NAME.source}|^$`)), freeze: oneOf('on', 'off'), reason },
  },
  hold: {
    typ: 'gatehouse-hold/v1',
    right: 'hold',
    fields: { model: matching(new RegExp(`${MODEL_NAME.source}|^$`)), hold: oneOf('on', 'off'), reason },
  },
  release: { typ: 'gatehouse-release/v1', right: 'release', fields: { ...version, reason } },
  retire: { typ: 'gatehouse-retire/v1', right: 'retire', fields: { ...version, reason } },
  rollback: {
    typ: 'gatehouse-rollback/v1',
    right: 'rollback',
    fields: { model: version.model, from_version: versionOrNone, to_version: versionOrNone, reason },
  },
  // It decides nothing and an earlier one kept elsewhere holds all the same: whoever runs the installation may make one.
  checkpoint: {
    typ: 'gatehouse-checkpoint/v1',
    right: 'checkpoint',
    fields: { seq: whole, events: whole, head: matching(SHA256), marks: matching(SHA256) },
  },
  resolve: {
    typ: 'gatehouse-resolve/v1',
    right: 'stage',
    fields: { model: version.model, version: versionOrNone, stage: oneOf('staging', 'production') },
  },
  // The first of two administrators asks for it, the second completes it. Either a key or an account: the other is empty.
  enrol: {
    typ: 'gatehouse-enrol/v1',
    right: 'people',
    fields: {
      email: text(254),
      name: text(200),
      member_of: matching(GROUP_LIST),
      key: orNothing(newKey.key),
      request: orNothing(newKey.request),
      issuer: text(500, 0),
      subject: text(255, 0),
      same_name: orNothing(reason),
    },
  },
  revoke: { typ: 'gatehouse-revoke/v1', right: 'people', fields: { email: text(254), reason } },
  rotate: { typ: 'gatehouse-rotate/v1', right: 'self', fields: newKey },
} as const satisfies Record<string, Act>;

export type ActType = keyof typeof ACTS;
export type Decision = 'approve' | 'reject' | 'retract';

/** The payload of an envelope after its fields were checked against {@link ACTS}: text, but for numbers that count. */
export type ActPayload = Readonly<Record<string, string | number>>;

/** The act a `typ` names, or undefined. */
export function actOfType(typ: unknown): ActType | undefined {
  return (Object.keys(ACTS) as ActType[]).find((act) => ACTS[act].typ === typ);
}

/**
 * The first field of a payload that is missing, extra or not of its form, named for the signer;
 * undefined when the payload has exactly the act's fields.
 */
export function wrongField(act: ActType, payload: Readonly<Record<string, unknown>>): string | undefined {
  const rules: Readonly<Record<string, FieldRule>> = { ...ENVELOPE_FIELDS, ...ACTS[act].fields };
  for (const [name, rule] of Object.entries(rules)) {
    if (!Object.hasOwn(payload, name)) return `${name} is missing`;
    if (!rule(payload[name])) return `${name} is not of its form`;
  }
  const extra = Object.keys(payload).find((name) => !Object.hasOwn(rules, name));
  return extra === undefined ? undefined : `${extra} does not belong in ${ACTS[act].typ}`;
}

/**
 * The groups with the right to an act; undefined where no table says so: gates and stages are judged where they are read, and
 * about themselves anybody may.
 */
export function allowedGroups(act: ActType, rights: RightsTable): readonly string[] | undefined {
  const { right } = ACTS[act] as Act;
  return right === 'gate' || right === 'stage' || right === 'self' ? undefined : rights[right];
}
