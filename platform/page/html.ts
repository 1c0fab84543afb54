import { html as escaping, raw } from 'hono/html';
import { printable } from '../files/quoted.js';

/** A piece of a page: markup of ours, with everything else in it escaped. */
export type Html = ReturnType<typeof raw>;

/** What may stand in a page: text is escaped; null, undefined and false are nothing. */
export type Child = Html | string | number | false | null | undefined | readonly Child[];

/** No markup. */
export const NOTHING: Html = raw('');

/**
 * The tag every page is written with. All text in it, in attributes too, is escaped, and characters that nobody sees or that
 * turn text around are written out as `\u{…}`: what the record says is shown, and never obeyed.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Child[]): Html {
  // The tag answers a promise only where it was given one.
  return escaping(strings, ...values.map(seen)) as Html;
}

/** Text exactly as it is, escaped and nothing written out: for bytes that have a digest. */
export function verbatim(text: string): Html {
  return escaping`${text}` as Html;
}

/** Markup of ours as text, for a file. */
export function textOf(markup: Html): string {
  return markup.toString();
}

/** A style sheet of ours, which holds nothing from the record. */
export function styleSheet(css: string): Html {
  return raw(`<style>${css}</style>`);
}

function seen(child: Child): Child {
  if (typeof child === 'string') return printable(child);
  return isList(child) ? child.map(seen) : child;
}

function isList(child: Child): child is readonly Child[] {
  return Array.isArray(child);
}
