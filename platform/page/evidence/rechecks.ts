import { when } from '../../../domain/times.js';
import type { EvidenceRecord } from '../../read/evidence.js';
import { html, type Html } from '../html.js';
import { mark } from '../marks.js';
import { table } from '../table.js';

/** The checks that were run once more before the production change; nothing where none was. */
export function rechecksSection({ attempt: { rechecks } }: EvidenceRecord): Html | false {
  if (rechecks.length === 0) return false;
  const rows = rechecks.map(({ finding, at, against }) => {
    const production = against === null ? '' : `production was ${against}`;
    return [finding.check, mark(finding.verdict), when(new Date(at).toISOString()), production, finding.reason];
  });
  return html`<section>
    <h2>Re-checks</h2>
    <p>
      Checks that can go stale run again right before the production change, against what is in production then. They must pass;
      they are no part of the evidence that was signed.
    </p>
    <div class="wide">${table('The latest re-check of each', ['check', 'verdict', 'when', 'against', 'reason'], rows)}</div>
  </section> `;
}
