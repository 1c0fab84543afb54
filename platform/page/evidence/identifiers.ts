import { when } from '../../../domain/times.js';
import type { EvidenceRecord } from '../../read/evidence.js';
import { html, type Html } from '../html.js';
import { digest } from '../marks.js';
import { terms } from '../table.js';
import { asOf } from './as-of.js';

/** What tells this attempt from every other one, and of which moment of the record the page is a picture. */
export function identifiers(record: EvidenceRecord): Html {
  const { attempt, requestedAt } = record;
  return html`<section>
    <h2>Identifiers</h2>
    ${terms([
      ['promotion', attempt.promotionId],
      ['round', String(attempt.round)],
      ['artifact digest', digest(attempt.artifactDigest)],
      ['feature hash', digest(attempt.featureHash)],
      ['policy digest', digest(attempt.policyDigest)],
      [
        'evidence digest',
        attempt.evidenceDigest === null ? 'none: the evidence is not complete' : digest(attempt.evidenceDigest),
      ],
      ['registered by', attempt.registeredBy],
      ['asked for by', `${attempt.requestedBy}, ${when(requestedAt)}`],
      ['installation', attempt.installation.id],
      ['environment', attempt.installation.environment],
      ['record as of', when(asOf(record))],
    ])}
  </section> `;
}
