import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { evidenceBytes, type CheckName, type Finding } from '../../domain/checks.js';
import { evidencePage } from '../../platform/page/evidence-page.js';
import { decided, finding, recheck, STAGED_AT } from '../support/attempt.js';
import { FINDINGS, readable, record, signed } from './samples.js';

const pageOf = (...of: Parameters<typeof record>): string => evidencePage(record(...of));
const textIn = (...of: Parameters<typeof record>): string => readable(pageOf(...of));

/** The section of a check. */
function sectionOf(page: string, check: string): string {
  const start = page.indexOf(`id="check-${check}"`);
  return page.slice(start, page.indexOf('</section>', start));
}

describe('the evidence on an evidence page', () => {
  it('is embedded byte for byte, and its SHA-256 is the digest reviewers sign', () => {
    const page = pageOf();
    const { evidenceDigest } = record().attempt;
    const link = /href="data:application\/json;base64,([^"]*)"/.exec(page)?.[1] ?? '';
    const bytes = Buffer.from(link, 'base64');
    expect(bytes.toString()).toBe(evidenceBytes(FINDINGS));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(evidenceDigest);
    const shown = /byte for byte<\/summary>\s*<pre>([^]*?)<\/pre>/.exec(page)?.[1] ?? '';
    const resolved = shown.replaceAll('&quot;', '"').replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&#39;', "'");
    expect(resolved.replaceAll('&amp;', '&')).toBe(evidenceBytes(FINDINGS));
    expect(readable(page)).toContain('sha256sum evidence-m-1.0.0-1.json');
  });

  it('is said to be incomplete where a check has no verdict: no digest, nothing to save, the open checks by name', () => {
    const findings = FINDINGS.filter(({ check }) => check !== 'performance');
    const page = pageOf({ findings, evidenceDigest: null, state: 'validating', soak: null, stagedAt: null });
    const text = readable(page);
    expect(text).toMatch(/The evidence is not complete: \d+ of \d+ checks has no verdict yet \(performance\)\./);
    expect(text).toContain('Evidence is not complete. Not every check has a verdict yet.');
    expect(text).toContain('performance … no verdict yet');
    expect(text).toContain('evidence digest none: the evidence is not complete');
    expect(text).toContain('not open yet');
    expect(page).not.toContain('data:application');
    expect(text).toContain('It has not begun');
  });

  it('gives the same bytes for the same record, and for an attempt that is over at any time', () => {
    expect(pageOf()).toBe(pageOf());
    const ended = { state: 'rejected', endReason: 'it is not sound' } as const;
    const at = { endedAt: '2026-09-09T00:00:00.000Z' };
    expect(pageOf({ ...ended, now: STAGED_AT + 1e9, soak: null }, at)).toBe(
      pageOf({ ...ended, now: STAGED_AT + 2e9, soak: null }, at),
    );
  });
});

describe('every check has its section', () => {
  const page = pageOf();

  it.each(FINDINGS.map((one) => [one.check, one] as const))(
    '%s: verdict, every figure and limit, source and reason',
    (check, one) => {
      const text = readable(sectionOf(page, check));
      expect(text).toContain({ pass: '✓ pass', fail: '✗ fail', error: '', skipped: '' }[one.verdict]);
      for (const figure of [...Object.values(one.measured), ...Object.values(one.limit)]) expect(text).toContain(figure);
      expect(text).toContain(one.source);
      expect(text).toContain(one.reason);
    },
  );

  it('draws what has a drawing', () => {
    const drawings = (check: string) => [...sectionOf(page, check).matchAll(/<svg /g)].length;
    expect(Object.fromEntries(FINDINGS.map(({ check }) => [check, drawings(check)]))).toEqual({
      artifacts: 0,
      'feature-schema': 0,
      lineage: 0,
      performance: 3,
      'not-worse-than-production': 2,
      latency: 1,
      resources: 1,
      'data-quality': 0,
      'security-scan': 0,
      checklist: 0,
    });
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('shows counts with their shares, the compared rows, and the least difference that is allowed', () => {
    const performance = readable(sectionOf(page, 'performance'));
    expect(performance).toContain('22 (81.5 %) true positives 5 (18.5 %) false negatives 27');
    expect(performance).toContain(
      'At its own threshold the model calls 81.5 % of the positives and 1.4 % of the negatives positive.',
    );
    const compared = readable(sectionOf(page, 'not-worse-than-production'));
    expect(compared).toMatch(/1\.0\.0 right 92 2 1\.0\.0 wrong 0 6/);
    expect(compared).toContain('limit >= -0.01');
    expect(compared).toContain('limit: no difference');
    expect(readable(sectionOf(page, 'resources'))).toContain('peak memory 93.8 MB, limit < 1 GB');
  });

  it('says where it is the lower end of an interval that is held against the threshold', () => {
    const [performance] = FINDINGS.filter(({ check }) => check === 'performance');
    const limit = { accuracy: '>= 0.85 at the lower end of the 95 % interval' };
    const text = readable(pageOf({ findings: [{ ...(performance as Finding), limit }] }));
    expect(text).toContain('limit >= 0.85 for the lower end');
  });

  it.each(['an-unknown-check', 'performance', 'latency', 'resources', 'security-scan', 'not-worse-than-production'])(
    'lists the figures of %s where there is nothing to draw',
    (check) => {
      const bare: Finding = {
        ...finding(check as CheckName, 'error', 'the model did not answer'),
        measured: { odd_figure: 'x1' },
      };
      const text = readable(sectionOf(pageOf({ findings: [bare] }), check));
      expect(text).toContain('! error');
      expect(text).toContain('Could not be measured: the model did not answer');
      expect(text).toContain('odd figure x1');
    },
  );

  it('folds the many columns away of which nothing is expected', () => {
    const columns = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`column c${i}`, `${i} to ${i + 1}`]));
    const one: Finding = { ...finding('data-quality'), measured: columns, limit: { 'column c7': '>= 5' } };
    const section = sectionOf(pageOf({ findings: [one] }), 'data-quality');
    expect(readable(section.slice(0, section.indexOf('<details>')))).toContain('c7 7 to 8 >= 5');
    expect(readable(section)).toContain('39 columns of which nothing more is expected');
  });
});

describe('what a reviewer and an auditor read', () => {
  it('who decided what, when and what it means, as it was signed (21 CFR 11.50)', () => {
    const other = signed({
      person: 'bea',
      printedName: 'Bea',
      evidenceDigest: 'b'.repeat(64),
      stands: false,
      comment: 'looked at it',
    });
    const text = textIn({}, { decisions: [signed(), other] });
    expect(text).toContain(
      'Olga Devops olga.devops@duetmind.example 2026-09-08 09:10:11 UTC I attest for the devops gate: devops agrees',
    );
    expect(text).toContain('✓ this evidence');
    expect(text).toContain(`✗ other evidence, of round 1: ${'b'.repeat(64)}`);
    expect(text).toContain('does not stand');
    expect(text).toContain('looked at it');
    expect(text).toContain('devops ✓ approved');
  });

  it('what has to be known first: looser numbers, demo keys, simulated time', () => {
    const text = textIn({ relaxed: ['soak.min', 'holdout.min_rows'] }, { demoPeople: ['olga'], isSimulated: true });
    expect(text).toContain('Relaxed policy. It is looser than the guidelines in soak.min, holdout.min_rows');
    expect(text).toContain('Assurance: demo. The keys of olga');
    expect(text).toContain('Simulated time.');
    expect(pageOf()).not.toContain('class="banner"');
  });

  it('the whole in one sentence, in every stage', () => {
    const passed = FINDINGS.map((one) => ({ ...one, verdict: 'pass' as const }));
    expect(textIn({ findings: passed })).toContain(
      'All 10 checks passed. In staging 1 hour of 7 days are earned, and 0 of 4 gates have approved (missing: data-science, devops, business, security).',
    );
    const promoted = { at: '2026-09-15T00:00:00.000Z', from: '1.2.0' };
    expect(textIn({ state: 'production' }, { promoted })).toContain(
      '1 of 10 checks did not pass: resources (fail). It went into production 2026-09-15 00:00:00 UTC in the place of 1.2.0.',
    );
    const endedAt = '2026-09-16T00:00:00.000Z';
    expect(textIn({ state: 'withdrawn', endReason: 'a typo' }, { endedAt })).toContain(
      'ended withdrawn 2026-09-16 00:00:00 UTC: a typo.',
    );
    expect(textIn({ state: 'archived', endReason: 'replaced by 2.0.0' }, { promoted, endedAt })).toContain(
      'from 2026-09-15 00:00:00 UTC to 2026-09-16 00:00:00 UTC: replaced by 2.0.0.',
    );
  });

  it('the soak with its pauses, and the re-checks beside their production version', () => {
    const pauses = [{ from: STAGED_AT, to: null, by: 'marco', reason: 'the office moves' }];
    const soak = { startedAt: STAGED_AT, earnedMs: 3_600_000, last: null, pauses, extendedMs: 86_400_000 };
    const text = textIn({ soak, rechecks: [recheck('artifacts', STAGED_AT, { against: '1.2.0' })] });
    expect(text).toContain('earned 1 hour of 7 days in healthy staging');
    expect(text).toContain('nobody knows while it is paused');
    expect(text).toContain('2026-09-07 08:00:00 UTC to now by marco: the office moves');
    expect(text).toContain('extended by 1 day');
    expect(text).toContain('artifacts ✓ pass 2026-09-07 08:00:00 UTC production was 1.2.0');
  });

  it('identifiers in full, and the moment of the record it shows', () => {
    const text = textIn();
    for (const digest of ['a'.repeat(64), 'f'.repeat(64), 'p'.repeat(64)]) expect(text).toContain(digest);
    expect(text).toContain('record as of 2026-09-07 09:00:00 UTC');
    expect(text).toContain('installation here environment development');
    expect(textIn({ decisions: [decided('devops', 'x')] })).toContain('promotion m/1.0.0/1 round 1');
  });
});

it('headings of tables say what they head, and no verdict is told by colour alone', () => {
  const page = pageOf();
  expect(page).not.toMatch(/<th(?![^>]*scope=)[\s>]/);
  for (const [, word] of page.matchAll(/class="mark [a-z]+"\s*><span aria-hidden="true">[^<]+<\/span> ([^<]*)</g))
    expect(word).not.toBe('');
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
