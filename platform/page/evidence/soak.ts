import { openPause } from '../../../domain/pause.js';
import { lasting, when } from '../../../domain/times.js';
import { soakView } from '../../../domain/view.js';
import type { EvidenceRecord } from '../../read/evidence.js';
import { html, type Html } from '../html.js';
import { terms } from '../table.js';
import { isOpen } from './as-of.js';

/** How much healthy time in staging is earned of what is asked for, and what stopped it. */
export function soakSection({ attempt, isSimulated }: EvidenceRecord): Html {
  const view = soakView(attempt);
  const { soak, policy, critical } = attempt;
  if (!view || !soak)
    return html`<section>
      <h2>Soak</h2>
      <p>It has not begun: the version has not been in staging.</p>
    </section> `;
  const { startedAt, earnedMs, minMs, minEndsAt, maxEndsAt } = view;
  const isOver = earnedMs >= minMs;
  const pauses = soak.pauses.map(({ from, to, by, reason }) => {
    return html`<p>${at(from)} to ${to === null ? 'now' : at(to)} by ${by}: ${reason}</p>`;
  });
  return html`<section>
    <h2>Soak</h2>
    ${terms([
      ['earned', `${lasting(earnedMs)} of ${lasting(minMs)} in healthy staging${isOver ? ', which is enough' : ''}`],
      ...(isSimulated ? [['simulated', 'some of it, by gatehouse clock advance'] as const] : []),
      ['entered staging', when(startedAt)],
      ...(isOpen(attempt) && !isOver
        ? [
            [
              'minimum over',
              openPause(soak.pauses) ? 'nobody knows while it is paused' : `${when(minEndsAt)} at the earliest`,
            ] as const,
          ]
        : []),
      ...(isOpen(attempt) ? [['attempt ends', `${when(maxEndsAt)} unless everything is there by then`] as const] : []),
      ['a warning', `${policy.soak.warning} the clock`],
      [
        'last look',
        soak.last && `${soak.last.verdict}${soak.last.reason === '' ? '' : `: ${soak.last.reason}`} (${at(soak.last.to)})`,
      ],
      ...(soak.extendedMs > 0 ? [['extended by', lasting(soak.extendedMs)] as const] : []),
      ...(pauses.length > 0 ? [['paused', pauses] as const] : []),
      ['critical issue', critical ?? 'none'],
    ])}
  </section> `;
}

function at(moment: number): string {
  return when(new Date(moment).toISOString());
}
