import { describe, expect, it } from 'vitest';
import { asMail } from '../../platform/message/as-mail.js';
import { asPage, asPages } from '../../platform/message/as-page.js';
import { asSlack } from '../../platform/message/as-slack.js';
import { linksOf } from '../../platform/message/links.js';
import { mrkdwn, oneLine } from '../../platform/message/words.js';
import { LONG, message, NASTY } from './messages.js';

interface Block {
  readonly text?: { readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
  readonly elements?: readonly { readonly text: string }[];
}

const MAILED = { to: ['ds-team@example.org'], from: 'gatehouse@example.org' };
const everywhere = (text: string) =>
  message({
    key: text,
    title: text,
    body: text,
    subject: text,
    facts: [{ name: 'Said', value: text }],
    page: { action: 'trigger', incident: text },
  });

describe('one message in every form', () => {
  it('as mail', () => expect(asMail(message(), MAILED)).toMatchSnapshot());
  it('for Slack', () => expect(asSlack(message())).toMatchSnapshot());
  it('for PagerDuty', () => expect(asPage(message())).toMatchSnapshot());

  it('for PagerDuty, which is told the end of every page that repeated another', () => {
    const ended = asPages(message({ page: { action: 'resolve', incident: 'i', repeated: ['i/page/1', 'i/page/2'] } }));
    expect(ended.map(({ event_action: action, dedup_key: of }) => [action, of])).toEqual([
      ['resolve', 'i'],
      ['resolve', 'i/page/1'],
      ['resolve', 'i/page/2'],
    ]);
    expect(asPages(message())).toEqual([asPage(message())]);
  });
  it('acknowledged and resolved for PagerDuty, which says nothing else', () => {
    for (const action of ['acknowledge', 'resolve'] as const)
      expect(asPage(message({ page: { action, incident: 'incident/7' } }))).toEqual({
        event_action: action,
        dedup_key: 'incident/7',
      });
  });
});

describe('S13: CRLF + `Bcc:`, `<!channel>`, `<script>`, ANSI escapes: escaped in every output', () => {
  it('as mail', () => expect(asMail(everywhere(NASTY), MAILED)).toMatchSnapshot());
  it('for Slack', () => expect(asSlack(everywhere(NASTY))).toMatchSnapshot());
  it('for PagerDuty', () => expect(asPage(everywhere(NASTY))).toMatchSnapshot());

  it('nothing that is obeyed is left in any of them', () => {
    const { subject, text, html = '' } = asMail(everywhere(NASTY), MAILED);
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toContain('<script');
    const { metadata: _unseen, ...slack } = asSlack(everywhere(NASTY));
    expect(JSON.stringify(slack)).not.toMatch(/<!|<@|<script|<https:\/\/evil/);
    const page = JSON.stringify(asPage(everywhere(NASTY)));
    for (const form of [subject, text, html, JSON.stringify(asSlack(everywhere(NASTY))), page]) {
      // eslint-disable-next-line no-control-regex
      expect(form).not.toMatch(/[\u001b\u202e\r]/);
    }
  });
});

describe('10,000 characters', () => {
  const slack = asSlack(everywhere(LONG));
  it("stay within Slack's limits: 3,000 a section, 2,000 a field, 50 blocks", () => {
    expect(slack.blocks.length).toBeLessThanOrEqual(50);
    expect(slack.text.length).toBeLessThanOrEqual(4_000);
    for (const { text, fields = [], elements = [] } of slack.blocks as readonly Block[]) {
      if (text) expect(text.text.length).toBeLessThanOrEqual(3_000);
      for (const part of [...fields, ...elements]) expect(part.text.length).toBeLessThanOrEqual(2_000);
    }
    expect(asSlack(message({ facts: Array.from({ length: 90 }, () => ({ name: 'a', value: 'b' })) })).blocks).toHaveLength(5);
  });

  it("stay within PagerDuty's: 1,024 of the summary, 255 of the dedup key, which is the same for the same key", () => {
    const page = asPage(everywhere(LONG));
    expect('payload' in page && page.payload.summary.length).toBeLessThanOrEqual(1_024);
    expect(page.dedup_key).toMatch(/^[0-9a-f]{64}$/);
    expect(asPage(everywhere(LONG)).dedup_key).toBe(page.dedup_key);
    expect(asPage(everywhere(`${LONG}.`)).dedup_key).not.toBe(page.dedup_key);
  });

  it('have a subject that people can read', () => {
    expect(asMail(everywhere(LONG), MAILED).subject.length).toBeLessThanOrEqual(200);
  });
});

it('what is cut is cut between letters and between what stands for one, at the limit and not before', () => {
  expect(mrkdwn('a<b', 6)).toBe('a&lt;b');
  expect(mrkdwn('a<b', 5)).toBe('a…');
  expect(oneLine('ab😀', 4)).toBe('ab😀');
  expect(oneLine('ab😀c', 4)).toBe('ab…');
  expect(oneLine('abcd', 4)).toBe('abcd');
});

it('no link leads elsewhere than it says', () => {
  const { blocks } = asSlack(message({ links: [{ name: 'a|b>', url: 'https://x.example/?q=1|2&b=>' }] }));
  expect(JSON.stringify(blocks)).toContain('<https://x.example/?q=1%7C2&amp;b=&gt;|a/b&gt;>');
});

describe('where links lead', () => {
  const places = {
    temporalUiUrl: 'https://t.example/',
    namespace: 'ml prod',
    evidenceUrl: 'https://e.example/{model}/{version}.html',
  };
  const of = { model: 'a_b', version: '1.0.0-rc.1', promotionId: null, change: null };
  const urls = (...asked: Parameters<typeof linksOf>) => linksOf(...asked).map(({ url }) => url);
  const runs = 'https://t.example/namespaces/ml%20prod/workflows';
  const evidence = 'https://e.example/a_b/1.0.0-rc.1.html';

  it('to the run of the promotion, and to the evidence page', () => {
    const about = { ...of, promotionId: 'a_b/1.0.0-rc.1/2' };
    expect(urls('attempt-ended', about, places)).toEqual([`${runs}/promotion%2Fa_b%2F1.0.0-rc.1%2F2`, evidence]);
  });

  it('to the run of the rollback, and to the watch of what serves', () => {
    const about = { ...of, change: { key: `rollback/${'c'.repeat(64)}`, kind: 'rollback' } };
    expect(urls('production-changed', about, places)).toEqual([
      `${runs}/rollback%2Fa_b%2F${'c'.repeat(12)}`,
      `${runs}?query=${encodeURIComponent('WorkflowId STARTS_WITH "watch/a_b/1.0.0-rc.1/"')}`,
      evidence,
    ]);
  });

  it('nowhere where nothing is known', () => {
    expect(urls('incident', of, { namespace: 'default' })).toEqual([]);
    expect(urls('hold', { promotionId: null, change: null }, places)).toEqual([]);
  });
});
