import { html, type Child, type Html } from '../html.js';

/** What a drawing shows: its name, the same in words for those who do not see it, and its size in units of its own. */
export interface Drawing {
  /** Unique on its page; letters, digits and `-`. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly height: number;
}

/** How wide drawings are: as wide as a phone, so that they keep their size on one. */
export const WIDTH = 360;

/** The part of a drawing in which figures are drawn. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A drawing with its name over it. */
export function svg({ id, title, description, height }: Drawing, body: Child): Html {
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-title ${id}-text" xmlns="http://www.w3.org/2000/svg">
      <title id="${id}-title">${title}</title>
      <desc id="${id}-text">${description}</desc>
      ${body}
    </svg>
  </figure> `;
}

/** A length as drawings write it: to a hundredth. */
export function length(figure: number): number {
  return Math.round(figure * 100) / 100;
}

/** A straight line. */
export function rule(kind: string, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): Html {
  return html`<line class="${kind}" x1="${length(x1)}" y1="${length(y1)}" x2="${length(x2)}" y2="${length(y2)}" /> `;
}

/** A text; `to` says on which side of its place it stands. */
export function text(
  [x, y]: readonly [number, number],
  words: string,
  { kind = '', to = 'right' }: { readonly kind?: string; readonly to?: 'left' | 'middle' | 'right' } = {},
): Html {
  const anchor = { left: 'end', middle: 'middle', right: 'start' }[to];
  return html`<text class="${kind}" x="${length(x)}" y="${length(y)}" text-anchor="${anchor}">${words}</text> `;
}

/** A point with a figure of its own. */
export function point([x, y]: readonly [number, number]): Html {
  return html`<circle class="point" cx="${length(x)}" cy="${length(y)}" r="4.5" /> `;
}
