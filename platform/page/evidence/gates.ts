import { gateViews } from '../../../domain/view.js';
import { when } from '../../../domain/times.js';
import { faultOf, faultText } from '../../../domain/void.js';
import type { EvidenceRecord, SignedDecision } from '../../read/evidence.js';
import { html, type Child, type Html } from '../html.js';
import { digest, mark } from '../marks.js';
import { table } from '../table.js';
import { isOpen } from './as-of.js';

/** The gates as they stand, and every decision as it was signed: who, when, and what it means (21 CFR 11.50). */
export function gatesSection({ attempt, decisions }: EvidenceRecord): Html {
  const gates = gateViews(attempt).map(({ gate, state, asks, group, why }) => {
    const { quorum } = attempt.policy.gates[gate];
    const stands = mark(state === 'open' ? openIn(attempt) : state);
    return [gate, why === null ? stands : html`${stands}<br />${why}`, asks, quorum === 1 ? group : `${group}, ${quorum} people`];
  });
  const rows = decisions.map((decision) => decisionRow(decision, attempt));
  return html`<section>
    <h2>Gates</h2>
    <div class="wide">${table('Four gates, each decided by another person', ['gate', 'state', 'asks', 'group'], gates)}</div>
    ${
      rows.length === 0
        ? html`<p>${isOpen(attempt) ? 'Nobody has decided yet.' : 'Nobody decided.'}</p>`
        : html`<div class="wide">
            ${table('Decisions as they were signed', ['gate and decision', 'who and when', 'meaning and comment', 'signed over'], rows)}
          </div>`
    }
  </section> `;
}

/** A gate without a decision waits for one in staging only. */
function openIn(attempt: EvidenceRecord['attempt']): string {
  if (attempt.state === 'staging') return 'open';
  return isOpen(attempt) ? 'not open yet' : 'not decided';
}

function decisionRow(decision: SignedDecision, attempt: EvidenceRecord['attempt']): Child[] {
  const { gate, person, printedName, at, meaning, comment } = decision;
  const fault = faultOf(decision, attempt);
  return [
    html`${gate}<br />${mark(decision.decision)}`,
    html`<p>${printedName}</p>
      <p class="quiet mail">${person}</p>
      <p>${when(new Date(at).toISOString())}</p>`,
    html`<p>${meaning}</p>
      ${comment !== '' && html`<p class="comment">${comment}</p>`}`,
    html`${signedOver(decision, attempt.evidenceDigest)}${fault && html`<p class="bad">✗ does not stand: ${faultText(fault)}</p>`}`,
  ];
}

function signedOver({ evidenceDigest: signed, round }: SignedDecision, evidenceDigest: string | null): Html {
  if (signed === evidenceDigest) return html`<p><span class="good">✓</span> this evidence</p>`;
  return html`<p><span class="bad">✗</span> other evidence, of round ${round}: ${digest(signed)}</p>`;
}
