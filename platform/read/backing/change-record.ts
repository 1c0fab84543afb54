import { evidenceBytes, type Finding } from '../../../domain/checks.js';
import { canonicalJson, type JsonValue } from '../../../domain/canonical.js';
import { sha256 } from '../../digest.js';
import { differing } from './backing.js';
import { findingOf, type VerdictRow } from './evidence.js';

/** What a production change's record is compared with. */
export interface RecordedChange {
  readonly record: string;
  readonly artifactDigest: string;
  /** What the record has to say, word for word. */
  readonly says: Readonly<Record<string, JsonValue | undefined>>;
  readonly evidence: JsonValue | undefined;
  /** The digest of the whole record by its event; undefined in events of a release that did not say. */
  readonly digest: JsonValue | undefined;
  /** The re-checks it names that are on the record, and how many it names. */
  readonly rechecks: readonly VerdictRow[];
  readonly named: number;
}

/** What of a production change's record nothing else on the record backs, or undefined. */
export function recordFault(change: RecordedChange): string | undefined {
  const { record, artifactDigest, says, evidence, digest, rechecks, named } = change;
  const kept = parsed(record);
  if (!kept) return 'its record cannot be read';
  const fault = differing(kept, says);
  if (fault !== undefined) return `its record says otherwise: ${fault}`;
  if (digestOf(() => canonicalJson({ files: kept['artifacts'] ?? null })) !== artifactDigest)
    return 'its record lists other artifacts than those of its artifact digest';
  if (digestOf(() => evidenceBytes(kept['metrics'] as unknown as Finding[])) !== evidence)
    return 'its record has other metrics than the evidence of its event';
  const found = rechecks.map(findingOf);
  if (found.length !== named || found.includes(undefined)) return 'a re-check it names is not on the record';
  const same = textsOf(found as unknown as JsonValue) === textsOf(kept['rechecks']);
  if (!same) return 'its record has other re-checks than those it names';
  return digest === undefined || digest === sha256(record) ? undefined : 'its record is not the one whose digest its event has';
}

function parsed(text: string): Readonly<Record<string, JsonValue>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, JsonValue>) : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(bytes: () => string): string | undefined {
  try {
    return sha256(bytes());
  } catch {
    return undefined;
  }
}

function textsOf(values: JsonValue | undefined): string {
  return Array.isArray(values) ? (values as JsonValue[]).map(canonicalJson).sort().join('\n') : '';
}
