import type { Finding } from '../../../domain/checks.js';
import { figuresOf } from '../figures.js';
import { columnTable, figureTable, sliceTable } from '../figure-table.js';
import { html, type Html } from '../html.js';
import { mark } from '../marks.js';
import { ASKS } from './asks.js';
import type { Draw } from './drawn.js';
import { drawLatency } from './latency.js';
import { drawNotWorse } from './not-worse.js';
import { drawPerformance } from './performance.js';
import { drawResources } from './resources.js';
import { drawSecurityScan } from './security-scan.js';

/** What is drawn, by check; of every other check the figures are listed. */
const DRAWN: ReadonlyMap<string, Draw> = new Map([
  ['performance', drawPerformance],
  ['not-worse-than-production', drawNotWorse],
  ['latency', drawLatency],
  ['resources', drawResources],
  ['security-scan', drawSecurityScan],
]);

/** The place of a check's section on its page. */
export function anchorOf(check: string): string {
  return `check-${check.replace(/[^a-z0-9]+/g, '-')}`;
}

/** All that one check found: its verdict and reason, what is drawn of it, every figure with its limit, and the source. */
export function checkSection(finding: Finding, of: { readonly version: string }): Html {
  const { check, verdict, reason, source } = finding;
  const drawn = DRAWN.get(check)?.(finding, of);
  const { whole, columns, slices } = figuresOf(finding);
  const listed = whole.filter(({ name }) => !drawn?.shown.includes(name));
  return html`<section>
    <h3 id="${anchorOf(check)}">${check} ${mark(verdict)}</h3>
    ${ASKS.has(check) && html`<p>${ASKS.get(check)}</p> `}${
      reason !== '' && html`<p class="${verdict === 'skipped' ? '' : 'reason'}"><strong>${why(verdict)}:</strong> ${reason}</p> `
    }${drawn?.markup}${figureTable(`Figures of ${check}`, listed)}${sliceTable('Slices', slices)}${columnTable(columns)}
    <p class="source">Source: ${source}</p>
  </section> `;
}

function why(verdict: Finding['verdict']): string {
  switch (verdict) {
    case 'pass':
      return 'Passed';
    case 'fail':
      return 'Failed';
    case 'error':
      return 'Could not be measured';
    case 'skipped':
      return 'Skipped';
  }
}
