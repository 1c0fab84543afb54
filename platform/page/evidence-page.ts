import type { EvidenceRecord } from '../read/evidence.js';
import { checkSection } from './checks/section.js';
import { document } from './document.js';
import { banners } from './evidence/banners.js';
import { breakGlassSection } from './evidence/break-glass.js';
import { checksTable } from './evidence/checks-table.js';
import { embeddedEvidence } from './evidence/embedded.js';
import { gatesSection } from './evidence/gates.js';
import { identifiers } from './evidence/identifiers.js';
import { rechecksSection } from './evidence/rechecks.js';
import { sentenceOf } from './evidence/sentence.js';
import { soakSection } from './evidence/soak.js';
import { html } from './html.js';

/**
 * The evidence page of one attempt: everything a reviewer decides on and an auditor verifies, in one HTML file that stands alone.
 * It holds nothing but what is on the record; the same record gives the same bytes.
 */
export function evidencePage(record: EvidenceRecord): string {
  const { attempt } = record;
  const { model, version, promotionId, state, installation, findings } = attempt;
  return document(
    `Evidence: ${model} ${version}`,
    html`<header>
        <h1>${model} ${version}</h1>
        <p>Evidence of promotion ${promotionId} · stage <strong>${state}</strong> · environment ${installation.environment}</p>
      </header>
      ${banners(record)}
      <p class="sentence">${sentenceOf(record)}</p>
      <section>
        <h2>Checks</h2>
        ${checksTable(findings)}
      </section>
      ${gatesSection(record)}${breakGlassSection(record)}${soakSection(record)}${rechecksSection(record)}
      <h2>What each check found</h2>
      ${findings.length === 0 ? html`<p>Nothing yet.</p> ` : findings.map((finding) => checkSection(finding, attempt))}${identifiers(
        record,
      )}${embeddedEvidence(record)}`,
  );
}
