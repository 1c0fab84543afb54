import { canonicalJson } from '../../../domain/canonical.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing } from './backing.js';

/** A production change that somebody made by hand. */
export interface ByHandRow {
  readonly key: string;
  readonly kind: string;
  readonly envelope: string | null;
  readonly decisions: readonly string[];
  readonly rechecks: readonly string[];
  readonly record: string;
}

/** What of a change by hand its event does not say, or undefined; the signed act is judged with all others. */
export function byHandFault(row: ByHandRow, { actor, detail }: Pick<TrailEvent, 'actor' | 'detail'>): string | undefined {
  const { kind = '', model = '', from = null, to = null, reason = '', envelope = '' } = detail;
  return differing(
    { ...row },
    {
      key: `${row.kind}/${row.envelope}`,
      envelope,
      decisions: [],
      rechecks: [],
      record: canonicalJson({ kind, model, from, to, reason, by: actor, envelope }),
    },
  );
}
