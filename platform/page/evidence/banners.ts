import type { EvidenceRecord } from '../../read/evidence.js';
import { html, type Html } from '../html.js';

/** What a reader has to know before anything else: looser numbers, demo keys, evidence that is not complete. */
export function banners({ attempt, demoPeople, isSimulated }: EvidenceRecord): Html {
  const { relaxed, evidenceDigest } = attempt;
  return html`${
    evidenceDigest === null &&
    banner(
      'Evidence is not complete',
      'Not every check has a verdict yet. There is no evidence digest, so nobody can decide, and this page proves nothing.',
    )
  }${
    relaxed.length > 0 &&
    banner('Relaxed policy', `It is looser than the guidelines in ${relaxed.join(', ')}, and may not be used in production.`)
  }${isSimulated && banner('Simulated time', 'Some of the soak was made by gatehouse clock advance: nobody lived through it.')}${
    demoPeople.length > 0 &&
    banner(
      'Assurance: demo',
      `The keys of ${demoPeople.join(', ')} came with the installation. Their signatures prove that the key signed, not who held it.`,
    )
  }`;
}

function banner(title: string, words: string): Html {
  return html`<p class="banner" role="note"><strong>${title}.</strong> ${words}</p> `;
}
