import { html, styleSheet, textOf, type Child } from './html.js';
import { STYLE } from './style.js';

/** Nothing is fetched and nothing runs, whatever stands in a page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A whole page that stands alone: one file, no script, nothing fetched; it reads on a screen, on a phone and on paper. */
export function document(title: string, body: Child): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${styleSheet(STYLE)}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`;
  return `${textOf(page).trim()}\n`;
}
