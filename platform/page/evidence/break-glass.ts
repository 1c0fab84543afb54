import { foldBreakGlass, SECOND_WITHIN_MS, skipText } from '../../../domain/break-glass.js';
import { when } from '../../../domain/times.js';
import type { EvidenceRecord } from '../../read/evidence.js';
import { html, type Html } from '../html.js';
import { mark } from '../marks.js';
import { table } from '../table.js';
import { isOpen } from './as-of.js';

/** Who signed to skip a wait, and why; nothing where nobody did. */
export function breakGlassSection({ attempt, promoted }: EvidenceRecord): Html | false {
  const { breakGlass, round } = attempt;
  if (breakGlass.length === 0) return false;
  const { broken, proposed } = foldBreakGlass(attempt);
  const isPaired = (id: string): boolean => broken.some(({ by }) => by.some((each) => each.id === id));
  const rows = breakGlass.map(({ id, skip, person, reason, at, stands, round: of }) => {
    const waits = isOpen(attempt) && proposed.some((each) => each.id === id);
    const until = when(new Date(at + SECOND_WITHIN_MS).toISOString());
    const state = isPaired(id) ? 'signed by two' : waits ? `waits for a second person until ${until}` : 'void';
    const why = !stands ? 'does not stand' : of === round ? '' : `of round ${of}`;
    return [skipText(skip), person, when(new Date(at).toISOString()), reason, html`${mark(state)} ${why}`];
  });
  return html`<section>
    <h2>Break-glass</h2>
    <p>
      Two people can skip a wait together: the rest of the soak minimum, or a freeze. They skip no check and no
      gate${promoted ? ', and a review is due within a day of the production change' : ''}.
    </p>
    <div class="wide">${table('Signatures', ['skips', 'who', 'when', 'why', 'state'], rows)}</div>
  </section> `;
}
