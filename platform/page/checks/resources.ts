import { boundIn, numberIn, own } from '../figures.js';
import { html, NOTHING } from '../html.js';
import { sharePlot, type ShareRow } from '../plot/shares.js';
import { percentText, sizeText } from '../titles.js';
import type { Draw } from './drawn.js';

const BARS = [
  ['size_bytes', 'model size', sizeText],
  ['peak_memory_bytes', 'peak memory', sizeText],
  ['cpu', 'CPU of the granted cores', percentText],
] as const;

/** How much of its limit each figure takes. */
export const drawResources: Draw = ({ measured, limit }, { version }) => {
  const rows = BARS.flatMap(([name, title, words]): ShareRow[] => {
    const [figure, most] = [numberIn(own(measured, name)), boundIn(own(limit, name))];
    if (figure === undefined || most === undefined || most.bound <= 0) return [];
    return [{ words: `${title} ${words(figure)}, limit ${most.sign} ${words(most.bound)}`, share: figure / most.bound }];
  });
  if (rows.length === 0) return { markup: NOTHING, shown: [] };
  const drawing = {
    id: 'resources-shares',
    title: 'Figures as shares of their limits',
    description: `${version}: ${rows.map(({ words, share }) => `${words} (${percentText(share)})`).join('; ')}.`,
  };
  return { markup: html`<div class="drawings">${sharePlot(drawing, rows)}</div> `, shown: [] };
};
