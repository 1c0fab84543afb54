import type { Message } from './message.js';
import { manyLines, mrkdwn, oneLine } from './words.js';

/** Slack's limits (docs.slack.dev, "Section block", "Context block", "chat.postMessage"). */
const SECTION_LENGTH = 3_000;
const FIELD_LENGTH = 2_000;
const FIELDS = 10;
const BLOCKS = 50;
const FALLBACK_LENGTH = 4_000;
const TITLE_LENGTH = 500;
const KEY_LENGTH = 1_000;
const LINKS = 10;
const URL_LENGTH = 1_000;
/** What stays of a raw text before it is escaped, which can only make it longer. */
const RAW_LENGTH = 10_000;

/** `verbatim`: Slack makes no links of what looks like an address or a channel. */
const text = (content: string) => ({ type: 'mrkdwn' as const, text: content, verbatim: true });

/** A message for `chat.postMessage`: Block Kit, what a notification shows, and the notice's key in its metadata. */
export function asSlack(message: Message) {
  const { severity, title, body, facts, links, key, kind } = message;
  const heading = mrkdwn(oneLine(`[${severity}] ${title}`, TITLE_LENGTH), TITLE_LENGTH);
  const said = mrkdwn(manyLines(body, RAW_LENGTH), SECTION_LENGTH);
  const fields = facts.slice(0, FIELDS).map(({ name, value }) => {
    const label = `*${mrkdwn(name, 100)}*\n`;
    return text(label + mrkdwn(oneLine(value, RAW_LENGTH), FIELD_LENGTH - label.length));
  });
  const urls = links.slice(0, LINKS).flatMap(({ name, url }) => linkTo(name, url));
  const blocks = [
    { type: 'section' as const, text: text(`*${heading}*`) },
    ...(said.trim() === '' ? [] : [{ type: 'section' as const, text: text(said) }]),
    ...(fields.length > 0 ? [{ type: 'section' as const, fields }] : []),
    ...urls.map((link) => ({ type: 'section' as const, text: text(link) })),
    { type: 'context' as const, elements: [text(mrkdwn(`Notice ${oneLine(key, RAW_LENGTH)}`, FIELD_LENGTH))] },
  ];
  return {
    text: mrkdwn(manyLines(`[${severity}] ${title}\n${body}`, RAW_LENGTH), FALLBACK_LENGTH),
    blocks: blocks.slice(0, BLOCKS),
    metadata: { event_type: 'gatehouse_notice', event_payload: { key: oneLine(key, KEY_LENGTH), kind, severity } },
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** `|` would end the address of a link, and an address that is cut leads elsewhere. */
function linkTo(name: string, url: string): string[] {
  const address = mrkdwn(url.replaceAll('|', '%7C'), Infinity);
  return address.length > URL_LENGTH ? [] : [`<${address}|${mrkdwn(oneLine(name, 100).replaceAll('|', '/'), 200)}>`];
}
