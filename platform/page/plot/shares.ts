import { scaleLinear } from 'd3-scale';
import { html, type Html } from '../html.js';
import { percentText } from '../titles.js';
import { bottomAxis } from './axes.js';
import { length, rule, svg, text, WIDTH, type Drawing } from './svg.js';

/** How much of its limit a figure takes: 1 is all of it. */
export interface ShareRow {
  readonly words: string;
  readonly share: number;
}

const [LEFT, RIGHT] = [14, WIDTH - 14];
const TOP = 8;
const ROW = 46;
const BAR = 12;
const FOOT = 40;
/** What is hardly anything is still seen to be measured. */
const SLIVER = 2;
/** Room behind the limit, in which a figure over it is seen to be over it. */
const BEYOND = 1.15;

/** A bar for each figure, as long as its share of the limit; the dashed line is the limit. */
export function sharePlot(drawing: Omit<Drawing, 'height'>, rows: readonly ShareRow[]): Html {
  const bottom = TOP + rows.length * ROW;
  const most = Math.max(1, ...rows.map(({ share }) => share)) * BEYOND;
  const x = scaleLinear([0, most], [LEFT, RIGHT]);
  const axis = bottomAxis(
    { title: 'of the limit', scale: x, ticks: x.ticks(5), format: percentText },
    { left: LEFT, right: RIGHT, top: TOP, bottom },
  );
  const bars = rows.map(({ words, share }, i) => {
    const top = TOP + i * ROW;
    return [
      text([LEFT, top + 13], words, { kind: 'halo' }),
      rect('track', top + 22, x(1) - LEFT),
      rect(share < 1 ? 'bar' : 'over', top + 22, Math.max(SLIVER, x(share) - LEFT)),
    ];
  });
  return svg({ ...drawing, height: bottom + FOOT }, html`${axis}${bars}${rule('limit', [x(1), TOP], [x(1), bottom])}`);
}

function rect(kind: string, top: number, width: number): Html {
  return html`<rect class="${kind}" x="${LEFT}" y="${top}" width="${length(width)}" height="${BAR}" />`;
}
