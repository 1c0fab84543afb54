import { describe, expect, it } from 'vitest';
import type { Finding } from '../../domain/checks.js';
import { evidencePage } from '../../platform/page/evidence-page.js';
import { html, textOf, verbatim } from '../../platform/page/html.js';
import { finding } from '../support/attempt.js';
import { FINDINGS, record, signed } from './samples.js';

/** What somebody who wants to be run, obeyed or misread would write. */
const SCRIPT = `"><script>alert('x')</script><img src=x onerror=alert(1)>`;
const TERMINAL = '\u001b[31mred\u0007\u009b1A';
const TURNED = 'txt\u202egnp.exe\u2066\u200b\u2028';
const LINES = 'one\r\nBcc: evil@example.com\0';
const EVIL = `${SCRIPT} ${TERMINAL} ${TURNED} ${LINES} <!channel> & ]]> --> {{7*7}}`;

const UNSEEN = /(?![\t\n])\p{Cc}|[\u200b\u2028\u202e\u2066]/u;

/** A record in which everything that can be text is evil. */
function evilRecord() {
  const evil: Finding = {
    ...finding('performance', 'fail', EVIL),
    measured: {
      [EVIL]: EVIL,
      [`column ${EVIL}`]: EVIL,
      [`a=${SCRIPT.replaceAll(' ', '')} accuracy`]: EVIL,
      accuracy: '0.9',
      roc_auc: EVIL,
    },
    limit: { [EVIL]: EVIL, accuracy: EVIL },
    source: EVIL,
    curves: { roc: EVIL },
  };
  const others = FINDINGS.filter(({ check }) => check !== 'performance');
  const unknown = { ...finding(EVIL as Finding['check']), measured: { [EVIL]: EVIL } };
  return record(
    {
      model: EVIL,
      version: EVIL,
      promotionId: EVIL,
      requestedBy: EVIL,
      registeredBy: EVIL,
      relaxed: [EVIL],
      endReason: EVIL,
      critical: EVIL,
      installation: { id: EVIL, environment: EVIL },
      findings: [...others, evil, unknown],
      rechecks: [{ id: 1, finding: evil, at: 0, against: EVIL }],
    },
    {
      decisions: [signed({ person: EVIL, printedName: EVIL, meaning: EVIL, comment: EVIL, evidenceDigest: EVIL })],
      demoPeople: [EVIL],
    },
  );
}

describe('what is shown is never obeyed (H4, S13)', () => {
  const page = evidencePage(evilRecord());

  it('holds no markup but ours, in text and in attributes', () => {
    const tags = new Set([...page.matchAll(/<([a-z!][a-z0-9]*)/gi)].map(([, name]) => name?.toLowerCase()));
    for (const tag of ['script', 'img', 'iframe', 'object', 'form', 'link', '!channel']) expect(tags).not.toContain(tag);
    const attributes = [...page.replace(/="[^"]*"/g, '=').matchAll(/<[^>]*>/g)].join('');
    expect(/\son\w+=/i.test(attributes)).toBe(false);
    expect(page).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;');
  });

  it('runs nothing and fetches nothing', () => {
    expect(page).toContain(
      'http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:;',
    );
    const links = [...page.matchAll(/\s(?:href|src|action|xlink:href)="([^"]*)"/g)].map(([, to = '']) => to);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(link).toMatch(/^(#check-[a-z0-9-]*|data:application\/json;base64,[A-Za-z0-9+/=]*)$/);
    expect(page).not.toMatch(/url\(|@import/);
  });

  it('writes out what nobody sees and what turns text around; only the evidence stands as it is', () => {
    const [before = '', after = ''] = page.split('<summary>The evidence, byte for byte</summary>');
    expect(before).not.toMatch(UNSEEN);
    expect(before).toContain('\\u{1b}[31mred\\u{7}\\u{9b}1A');
    expect(before).toContain('txt\\u{202e}gnp.exe');
    expect(before).toContain('one\\u{d}\\u{a}Bcc: evil@example.com\\u{0}');
    expect(before).toContain('These bytes hold characters that nobody sees');
    expect(after.slice(0, after.indexOf('</pre>'))).toContain('\u202e');
  });

  it('names the file to save in letters that are safe', () => {
    expect(/download="([^"]*)"/.exec(page)?.[1]).toMatch(/^evidence-[A-Za-z0-9._-]+\.json$/);
  });
});

describe('the tag pages are written with', () => {
  it('escapes text, keeps markup of its own, and leaves nothing out', () => {
    expect(textOf(html`<p title="${'"><b>'}">${['<i>', html`<b>${'&'}</b>`, [1, 'x']]}</p>`)).toBe(
      '<p title="&quot;&gt;&lt;b&gt;">&lt;i&gt;<b>&amp;</b>1x</p>',
    );
    expect(textOf(html`${null}${undefined}${false}${0}${''}`)).toBe('0');
  });

  it('leaves bytes with a digest as they are, but for the escaping', () => {
    expect(textOf(verbatim('a\u202e<b>\u200b'))).toBe('a\u202e&lt;b&gt;\u200b');
  });
});
