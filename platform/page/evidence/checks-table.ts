import { CHECKS, type Finding } from '../../../domain/checks.js';
import { anchorOf } from '../checks/section.js';
import { figuresOf, type Figure } from '../figures.js';
import { valueOf } from '../figure-table.js';
import { html, type Child, type Html } from '../html.js';
import { mark } from '../marks.js';
import { table } from '../table.js';
import { titleOf } from '../titles.js';

const MOST = 6;
const LONGEST = 60;

/** Every check in a row: its verdict, the figures that have a limit, and the reason; those without a verdict too. */
export function checksTable(findings: readonly Finding[]): Html {
  const open = CHECKS.filter((check) => !findings.some((finding) => finding.check === check));
  const rows = [
    ...findings.map((finding) => [
      html`<a href="#${anchorOf(finding.check)}">${finding.check}</a>`,
      mark(finding.verdict),
      html`${finding.reason !== '' && html`<p>${finding.reason}</p>`}${keyFigures(finding)}`,
    ]),
    ...open.map((check) => [check, mark('no verdict yet'), '']),
  ];
  return html`<div class="wide">
    ${table('All checks of this round', ['check', 'verdict', 'reason, key figures and limits'], rows)}
  </div>`;
}

function keyFigures(finding: Finding): Child {
  const { whole } = figuresOf(finding);
  const limited = whole.filter(({ limit, measured }) => limit !== null && measured !== null);
  const shown = limited.length > 0 ? limited : whole.filter(({ measured }) => measured !== null);
  return shown.slice(0, MOST).map((figure) => html`<p>${line(figure)}</p>`);
}

function line({ name, measured, limit }: Figure): Html {
  const repeats = limit === null || limit === measured;
  return html`${titleOf(name)}
    <strong>${valueOf(name, brief(measured ?? ''))}</strong
    >${!repeats && html` <span class="quiet">limit ${valueOf(name, brief(limit))}</span>`}`;
}

/** The section of the check has all of it. */
function brief(text: string): string {
  const short = text.replace(/\b([0-9a-f]{12})[0-9a-f]{28,52}\b/g, '$1…');
  return short.length > LONGEST ? `${short.slice(0, LONGEST - 1)}…` : short;
}
