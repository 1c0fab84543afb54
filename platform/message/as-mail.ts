import type { Mail } from '../mail.js';
import { sha256 } from '../digest.js';
import { html, textOf } from '../page/html.js';
import type { Message } from './message.js';
import { manyLines, oneLine } from './words.js';

const SUBJECT_LENGTH = 200;
const TITLE_LENGTH = 500;
const BODY_LENGTH = 20_000;
const VALUE_LENGTH = 1_000;
const ID_LENGTH = 32;

/**
 * A message as a mail in text and HTML. Its Message-ID is made from the notice's key, so a repetition is recognisable; the mails of
 * one incident are one thread.
 */
export function asMail(message: Message, { to, from }: { readonly to: readonly string[]; readonly from: string }): Mail {
  const idOf = (what: string, key: string) =>
    `${what}.${sha256(key).slice(0, ID_LENGTH)}@${from.slice(from.lastIndexOf('@') + 1)}`;
  return {
    to,
    subject: oneLine(`[${message.severity}] ${message.title}`, SUBJECT_LENGTH),
    messageId: idOf('gatehouse-notice', message.key),
    ...(message.page && { thread: idOf('gatehouse-incident', message.page.incident) }),
    text: mailText(message),
    html: mailHtml(message),
  };
}

function mailText({ title, body, facts, links, key }: Message): string {
  const width = Math.max(0, ...facts.map(({ name }) => name.length));
  return [
    oneLine(title, TITLE_LENGTH),
    '',
    manyLines(body, BODY_LENGTH),
    '',
    ...facts.map(({ name, value }) => `${name.padEnd(width)}  ${oneLine(value, VALUE_LENGTH)}`),
    ...(links.length > 0 ? ['', ...links.map(({ name, url }) => `${name}: ${url}`)] : []),
    '',
    `Notice ${oneLine(key, VALUE_LENGTH)}`,
    '',
  ].join('\n');
}

const COLOURS = { info: '#4a6785', warning: '#b36b00', critical: '#b00020' } as const;

function mailHtml({ severity, title, body, facts, links, key }: Message): string {
  const paragraphs = manyLines(body, BODY_LENGTH).split('\n');
  return textOf(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <title>${oneLine(title, TITLE_LENGTH)}</title>
        </head>
        <body style="font-family: sans-serif; color: #222; max-width: 40em">
          <p style="color: ${COLOURS[severity]}; font-weight: bold; text-transform: uppercase">${severity}</p>
          <h1 style="font-size: 1.25em">${oneLine(title, TITLE_LENGTH)}</h1>
          ${paragraphs.map((line) => html`<p>${line}</p>`)}
          <table style="border-collapse: collapse">
            ${facts.map(
              ({ name, value }) =>
                html`<tr>
                  <th style="text-align: left; vertical-align: top; padding: 2px 12px 2px 0">${name}</th>
                  <td style="padding: 2px 0">${oneLine(value, VALUE_LENGTH)}</td>
                </tr>`,
            )}
          </table>
          ${links.map(({ name, url }) => html`<p><a href="${url}">${name}</a></p>`)}
          <p style="color: #777; font-size: 0.8em">Notice ${oneLine(key, VALUE_LENGTH)}</p>
        </body>
      </html>`,
  );
}
