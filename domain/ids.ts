/** A model's name: lower-case letters, digits, `_` and `-`, at most 64 characters. */
export const MODEL_NAME = /^[a-z0-9_-]{1,64}$/;

/** A semantic version without build metadata (semver.org §2 and §9). */
export const SEMVER = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z-]{1,32}(\.[0-9A-Za-z-]{1,32}){0,4})?$/;

/** A SHA-256 in lower-case hex, as every digest of the record is written. */
export const SHA256 = /^[0-9a-f]{64}$/;

/** A key's RFC 7638 thumbprint, which is its `kid`. */
export const KEY_ID = /^[A-Za-z0-9_-]{43}$/;

/** The groups of a person as a signed act names them: 1 to 20 names, separated by commas. */
export const GROUP_LIST = /^[a-z0-9_-]{1,64}(,[a-z0-9_-]{1,64}){0,19}$/;

/** One version of one model. */
export interface VersionName {
  readonly model: string;
  readonly version: string;
}

/** The id of one attempt to promote a version; unique by its business key and readable. */
export function promotionId(of: VersionName, attempt: number): string {
  return `${of.model}/${of.version}/${attempt}`;
}

/** The workflow id under which the attempt runs. */
export function promotionWorkflowId(id: string): string {
  return `promotion/${id}`;
}

/** The workflow id under which a signed act is applied: the same envelope is the same run. */
export function actWorkflowId(envelopeHash: string): string {
  return `act/${envelopeHash}`;
}

/** The key under which the one production change of an attempt may be asked for again and again. */
export function promotionChangeKey(id: string): string {
  return `promotion/${id}`;
}

/** The key of a production change that somebody made by hand: one signed act, one change. */
export function byHandKey(kind: 'rollback' | 'retirement', envelopeHash: string): string {
  return `${kind}/${envelopeHash}`;
}

/** As much of a hash as tells the changes of a model apart and a person can still read. */
const HASH_SHOWN = 12;

/** The workflow id under which such a change is followed up, or one that nobody asked for. */
export function byHandWorkflowId(model: string, changeKey: string): string {
  const [kind, hash = ''] = changeKey.split('/');
  return kind === 'automatic' ? `rollback/${model}/${kind}-${hash}` : `${kind}/${model}/${hash.slice(0, HASH_SHOWN)}`;
}

/** The key of the production change that what was seen of a version brought about: one for the change that put it there. */
export function automaticKey(changeSeq: number): string {
  return `automatic/${changeSeq}`;
}

/** The workflow id under which a version is watched: `n` counts how often it has come into production. */
export function watchWorkflowId({ model, version }: VersionName, n: number): string {
  return `watch/${model}/${version}/${n}`;
}

/** The workflow id under which a notice is delivered. */
export function noticeWorkflowId(key: string): string {
  return `notice/${key}`;
}

/** The version a mistyped one most likely meant, or undefined: `v1.2`, ` 01.2.0 ` and the like. */
export function suggestVersion(text: string): string | undefined {
  const numbers = /^\s*v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?\s*$/i.exec(text);
  if (!numbers) return undefined;
  return [numbers[1], numbers[2] ?? '0', numbers[3] ?? '0'].map(Number).join('.');
}
