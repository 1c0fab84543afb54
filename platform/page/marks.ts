import { html, type Html } from './html.js';

/** How something stands: a sign, a word and a colour, so that none of them has to be seen. */
const SIGNS: Readonly<Record<string, readonly [sign: string, tone: 'good' | 'bad' | 'open' | 'quiet']>> = {
  pass: ['✓', 'good'],
  fail: ['✗', 'bad'],
  error: ['!', 'bad'],
  skipped: ['–', 'quiet'],
  'no verdict yet': ['…', 'open'],
  approved: ['✓', 'good'],
  approve: ['✓', 'good'],
  rejected: ['✗', 'bad'],
  reject: ['✗', 'bad'],
  retract: ['↩', 'quiet'],
  open: ['…', 'open'],
  void: ['∅', 'bad'],
};

/** A verdict or a state as its word, with its sign before it. */
export function mark(word: string): Html {
  const [sign, tone] = SIGNS[word] ?? ['•', 'quiet'];
  return html`<span class="mark ${tone}"><span aria-hidden="true">${sign}</span> ${word}</span>`;
}

/** A digest in full, which may be broken anywhere. */
export function digest(text: string): Html {
  return html`<code class="digest">${text}</code>`;
}
