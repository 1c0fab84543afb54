import { html, type Html } from '../html.js';
import { rule, text, type Box } from './svg.js';

/** One axis: where a figure lies on it, and which figures are written beside it. */
export interface Axis {
  readonly title: string;
  readonly scale: (figure: number) => number | undefined;
  readonly ticks: readonly number[];
  readonly format: (tick: number) => string;
}

const TICK_TEXT = 4;

/** The axis under a box, with its lines through the box. */
export function bottomAxis({ title, scale, ticks, format }: Axis, { left, right, top, bottom }: Box): Html {
  const lines = ticks.map((tick) => {
    const x = scale(tick) ?? 0;
    return [rule('grid', [x, top], [x, bottom]), text([x, bottom + 16], format(tick), { kind: 'quiet', to: 'middle' })];
  });
  const name = text([(left + right) / 2, bottom + 34], title, { to: 'middle' });
  return html`${lines}${rule('axis', [left, bottom], [right, bottom])}${name}`;
}

/** The axis to the left of a box, with its lines through the box; its title stands over it, where it can be read. */
export function leftAxis({ title, scale, ticks, format }: Axis, { left, right, top, bottom }: Box): Html {
  const lines = ticks.map((tick) => {
    const y = scale(tick) ?? 0;
    return [rule('grid', [left, y], [right, y]), text([left - 6, y + TICK_TEXT], format(tick), { kind: 'quiet', to: 'left' })];
  });
  const name = text([0, top - 12], title);
  return html`${lines}${rule('axis', [left, top], [left, bottom])}${name}`;
}
