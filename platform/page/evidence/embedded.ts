import { evidenceBytes } from '../../../domain/checks.js';
import type { EvidenceRecord } from '../../read/evidence.js';
import { html, verbatim, type Html } from '../html.js';
import { digest } from '../marks.js';
import { printable } from '../../files/quoted.js';

/** The evidence itself, byte for byte, with its digest and how to compute it again; or that there is none to sign yet. */
export function embeddedEvidence({ attempt }: EvidenceRecord): Html {
  const { evidenceDigest, findings, promotionId } = attempt;
  if (evidenceDigest === null) {
    return html`<section>
      <h2 id="evidence">Evidence</h2>
      <p>Evidence is not complete: there is nothing to sign yet, and no digest.</p>
    </section> `;
  }
  const bytes = evidenceBytes(findings);
  const fileName = `evidence-${promotionId.replace(/[^A-Za-z0-9._-]+/g, '-')}.json`;
  const data = Buffer.from(bytes).toString('base64');
  return html`<section>
    <h2 id="evidence">Evidence</h2>
    <p>What the reviewers sign is the SHA-256 of these bytes, all findings of this round as canonical JSON (RFC 8785):</p>
    <p>${digest(evidenceDigest)}</p>
    <p>
      To verify it, save
      <a download="${fileName}" href="data:application/json;base64,${data}">${fileName}</a> (${Buffer.byteLength(bytes)} bytes)
      from this page, and let a tool of yours compute
    </p>
    <pre>
sha256sum ${fileName}
shasum -a 256 ${fileName}    # on macOS</pre>
    <p>
      Every decision above that is over “this evidence” has this digest in the statement its author signed, as
      <code>evidence_digest</code>.
    </p>
    ${
      printable(bytes) !== bytes &&
      html`<p class="reason">
        These bytes hold characters that nobody sees or that turn text around. Above they are written out; below they stand as
        they are.
      </p> `
    }
    <details>
      <summary>The evidence, byte for byte</summary>
      <pre>${verbatim(bytes)}</pre>
    </details>
  </section> `;
}
