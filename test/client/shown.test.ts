import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { jsonText, printable } from '../../client/output.js';
import { checkLines } from '../../client/show/check.js';
import { changeKey } from '../../client/show/change.js';
import { historyLines } from '../../client/show/history.js';
import { statusLines } from '../../client/show/status.js';
import type { Status } from '../../platform/read/status.js';
import { canvas, type Canvas } from '../../client/terminal.js';
import { cellsOf } from '../../client/width.js';
import { attempt, check, EVIL, history, incident, status, version, watch } from './samples.js';

const noLink = () => null;
const soaking = status(
  version('1.1.0', { stage: 'rejected', promotion: attempt({ state: 'rejected', endReason: 'accuracy is too low' }) }),
  version('1.4.0', { promotion: attempt({ relaxed: ['soak.min', 'gates.devops.quorum'] }) }),
);
const checking = status(
  version('1.4.0', {
    stage: 'validating',
    promotion: attempt({
      state: 'validating',
      soak: null,
      checks: { all: 10, open: ['latency', 'resources'], against: ['data-quality'] },
      waitingFor: ['check latency', 'check resources'],
    }),
  }),
);
const failed = { step: 'archive-previous', outcome: 'failed', at: '', detail: { artifacts: 'damaged: model.onnx' } } as const;

const inService = (change: Partial<Status['models'][number]>): Status => {
  const { asOf, models } = status(version('1.2.0', { stage: 'production', promotion: attempt({ state: 'production' }) }));
  return { asOf, models: models.map((each) => ({ ...each, watch: watch(), ...change })) };
};

const DRAWN: Readonly<Record<string, (on: Canvas) => readonly string[]>> = {
  status: (on) => statusLines(soaking, on, noLink),
  'status of checks': (on) => statusLines(checking, on, noLink),
  'status of what is in production': (on) => statusLines(inService({ incidents: [incident()] }), on, noLink),
  'empty status': (on) => statusLines(status(), on, noLink),
  check: (on) => checkLines(check({ relaxed: ['soak.min'] }), on),
  history: (on) => historyLines(history(), on),
  'empty history': (on) => historyLines(history({ intervals: [], attempts: [] }), on),
};

/** The lines as one text without the breaks, so that what was wrapped can be found. */
const unbroken = (lines: readonly string[]): string =>
  lines
    .map((line) => line.trim())
    .join(' ')
    .replace(/ +/g, ' ');

describe.each(Object.entries(DRAWN))('%s', (_, draw) => {
  it.each([40, 80, 200])('fits into %i columns, with colours and without', (width) => {
    const plain = draw(canvas(width, false));
    expect(Math.max(...plain.map(cellsOf))).toBeLessThanOrEqual(width);
    expect(plain.join('\n')).not.toMatch(/\u001b/);
    const coloured = draw(canvas(width, true));
    expect(Math.max(...coloured.map((line) => cellsOf(stripVTControlCharacters(line))))).toBeLessThanOrEqual(width);
    expect(coloured.every((line) => !line.includes('\n'))).toBe(true);
  });
});

describe('status', () => {
  it.each([40, 80, 200])('says in %i columns what there is of the soak, the gates and the wait', (width) => {
    const text = unbroken(DRAWN['status']?.(canvas(width, false)) ?? []);
    expect(text).toMatch(/\[#+-+\] 45 % 3 d 4 h of 7 days healthy/);
    expect(text).toContain(
      'the minimum is over 2026-09-14 08:00:01 UTC if it stays healthy; the attempt ends 2026-09-21 08:00:01 UTC',
    );
    expect(text).toContain('relaxed soak.min, gates.devops.quorum (looser than the guidelines)');
    expect(text).toContain('waits for soak minimum, gate devops, gate business, gate security');
    expect(text.replaceAll(/([@.]) /g, '$1')).toMatch(
      /data-science approved by dana.datascience@duetmind.example, 2026-09-07 08:00:01 UTC.*devops open, waits for olga.devops@duetmind.example or omar.*business void: approved by bea\S+, [^;]+; policy re-pinned, waits for.*security open, waits for nobody left in group security/,
    );
    expect(text).toContain('accuracy is too low');
  });

  it('says how far the checks are, and what speaks against the version already', () => {
    const text = unbroken(statusLines(checking, canvas(120, false), noLink));
    expect(text).toMatch(/checks \[#+-+\] 80 % 8 of 10 measured, against it: data-quality/);
    expect(text).toContain('waits for check latency, check resources');
    expect(unbroken(statusLines(soaking, canvas(120, false), noLink))).not.toContain('measured');
  });

  it('says over the versions who holds promotions back, and since when', () => {
    const frozen = [
      { model: null, since: '2026-09-09T08:00:01.234Z', by: 'olga.devops@duetmind.example', reason: 'an incident' },
    ];
    const { models, asOf } = status(version('1.4.0'));
    const text = unbroken(statusLines({ asOf, models: models.map((each) => ({ ...each, frozen })) }, canvas(60, false), noLink));
    expect(text).toContain('FROZEN all models since 2026-09-09 08:00:01 UTC by olga.devops@duetmind.example: an incident');
  });

  const told = (change: Partial<Status['models'][number]>) =>
    unbroken(statusLines(inService(change), canvas(200, false), noLink));

  it('says how what is in production does, by the newest window of its watch', () => {
    expect(told({})).toContain(
      'watch healthy, seen 20 seconds ago by prediction-log: 1000 requests, error rate < 0.1 %, p95 12 ms, accuracy 94.5 % of 1200 labels, no drift',
    );
    expect(
      told({ watch: watch({ health: 'unknown', reason: 'stale: nothing newer than 2 min', figures: {}, conditions: [] }) }),
    ).toContain('watch unknown, seen 20 seconds ago by prediction-log; stale: nothing newer than 2 min');
    const few = {
      condition: 'error-rate',
      severity: 'none',
      known: false,
      measured: '',
      limit: '',
      baseline: '',
      why: '0 requests, and 200 are needed',
    } as const;
    expect(told({ watch: watch({ health: 'unknown', figures: { requests: '0' }, conditions: [few] }) })).toContain(
      'prediction-log: 0 requests, accuracy not known; 0 requests, and 200 are needed',
    );
    expect(told({ watch: watch({ health: null, seenAt: null }) })).toContain('watch nothing was seen of 1.2.0 yet');
    expect(told({ watch: watch({ silent: true, unseen: 180_000 }) })).toContain(
      'watch SILENT: nothing was seen of 1.2.0 for 3 minutes, where every 1 minute is due',
    );
    expect(told({ watch: null })).not.toContain('watch');
  });

  it('says of each open incident how grave it is, since when, and what', () => {
    expect(told({ incidents: [incident()] })).toContain(
      'INCIDENT critical since 2026-09-07 08:00:01 UTC: error-rate of 1.2.0: 0.03 of 1000 requests failed, beyond 0.02',
    );
    const painted = (severity: 'warning' | 'critical' | 'rollback') =>
      statusLines(inService({ incidents: [incident({ severity })] }), canvas(200, true), noLink).find((line) =>
        line.includes('INCIDENT'),
      );
    expect(painted('warning')).toContain('\u001b[33m');
    for (const severity of ['critical', 'rollback'] as const) expect(painted(severity)).toContain('\u001b[31m');
  });

  it('speaks of a performance review from seven days before it is due, of any other at once', () => {
    const review = { id: 'r', subject: 'x/1.2.0/1', owner: 'mlops', openedAt: '', closedAt: null, closedBy: null };
    const owed = (kind: string, dueAt: string) => told({ reviews: [{ ...review, kind, dueAt }] }).includes(`REVIEW of ${kind}`);
    expect(owed('performance', '2026-09-17T12:00:01.235Z')).toBe(false);
    expect(owed('performance', '2026-09-17T12:00:01.234Z')).toBe(true);
    expect(owed('break-glass', '2026-10-10T12:00:01.234Z')).toBe(true);
  });

  it('says what is still to follow a production change', () => {
    const { asOf, models } = status(version('1.2.0', { stage: 'production', followUpsOpen: ['service-health', 'stakeholders'] }));
    expect(unbroken(statusLines({ asOf, models }, canvas(200, false), noLink))).toContain(
      'goes on follow-up service-health, stakeholders',
    );
  });

  it('is another one for somebody who watches when the watch finds something, not with every window', () => {
    const key = (change: Parameters<typeof watch>[0]) => changeKey(inService({ watch: watch(change) }));
    expect(key({ seenAt: 'later', unseen: 1, figures: { requests: '2' }, conditions: [] })).toBe(key({}));
    for (const change of [{ health: 'warning' }, { severity: 'info' }, { silent: true }, { version: '1.4.0' }] as const)
      expect(key(change)).not.toBe(key({}));
    expect(changeKey(inService({ incidents: [incident()] }))).not.toBe(changeKey(inService({})));
  });

  it('marks with symbols what colours say', () => {
    const text = unbroken(statusLines(soaking, canvas(120, true), noLink).map(stripVTControlCharacters));
    expect(text).toMatch(/✓ approved.*… open.*✗ void/);
  });

  it('shows a follow-up that failed, beside its version and in its attempt', () => {
    const followUps = [failed, { ...failed, step: 'tell', outcome: 'done' as const }];
    const promotion = attempt({ state: 'production', waitingFor: [] });
    const shown = (change: Parameters<typeof version>[1]) =>
      statusLines(status(version('1.2.0', { stage: 'production', followUps, ...change })), canvas(120, false), noLink).join('\n');
    for (const text of [shown({ promotion }), shown({ promotion: attempt({ state: 'archived' }) })]) {
      expect(text).toMatch(/1\.2\.0 .*follow-up archive-previous failed/);
      expect(text).toContain('FAILED   follow-up archive-previous: artifacts damaged: model.onnx');
      expect(text).not.toContain('follow-up tell');
    }
  });

  it('names the run where its address does not fit', () => {
    const link = (id: string) => `http://localhost:8233/${'n'.repeat(30)}/${id}`;
    expect(statusLines(soaking, canvas(40, false), link).join('\n')).not.toContain('http');
    expect(statusLines(soaking, canvas(200, false), link).join('\n')).toContain(link('promotion/alzheimer_classifier/1.4.0/1'));
  });
});

describe('check', () => {
  const headline = (change: Parameters<typeof check>[0]) => checkLines(check(change), canvas(Infinity, false))[0];

  it('answers first, in one sentence', () => {
    expect(headline({})).toBe(
      'alzheimer_classifier 1.4.0 can go into production at the earliest 2026-09-14 08:00:01 UTC, in 3 d 20 h, if gates business and security approve and staging stays healthy.',
    );
    const conditions = check().conditions.filter(({ id }) => id !== 'business');
    expect(headline({ conditions, earliest: '2026-09-10T12:00:01.234Z' })).toMatch(
      /at the earliest now if gate security approves\.$/,
    );
    const frozen = { id: 'freeze', kind: 'freeze', verdict: 'pending', measured: 'all models by olga: an incident' } as const;
    const held = { ...frozen, limit: 'none', source: 'the record', who: 'gatehouse freeze --lift' };
    expect(headline({ conditions: [...check().conditions, held], earliest: null })).toBe(
      'alzheimer_classifier 1.4.0 cannot go into production while promotions are frozen: all models by olga: an incident.',
    );
    expect(headline({ eligible: true })).toMatch(/can go into production now/);
    expect(headline({ stage: 'rejected', endReason: 'gate security rejected by x' })).toMatch(
      /ended rejected: gate security rejected by x\./,
    );
    expect(headline({ attemptEndsAt: '2026-09-12T00:00:00.000Z' })).toMatch(
      /cannot go into production in this attempt: it ends 2026-09-12/,
    );
  });

  it('gives each condition its verdict, what was measured beside its limit, and who can meet it', () => {
    const rows = checkLines(check(), canvas(200, false)).map((line) => line.trim().split(/ {2,}/));
    const row = (id: string) => rows.find(([first]) => first === id)?.slice(1);
    expect(row('performance')).toEqual(['met', 'accuracy 0.9446, roc_auc 0.9812', 'accuracy >= 0.85, roc_auc >= 0.80', '-']);
    expect(row('not-worse-than-production')).toEqual(['met', 'no production version yet', '-', '-']);
    expect(row('soak')).toEqual(['not met', '3 d 4 h earned', '>= 7 days healthy', 'time in staging']);
    expect(row('business')).toEqual(['not met', 'open', '1 approval', 'group business: bea.business@duetmind.example']);
  });

  it('tells what failed from what nobody knows', () => {
    const of = (verdict: 'error' | 'fail' | 'pending' | 'skipped', measured: string | null) => {
      const conditions = check()
        .conditions.slice(1, 2)
        .map((each) => ({ ...each, verdict, measured }));
      return checkLines(check({ conditions }), canvas(Infinity, true)).map(stripVTControlCharacters).at(-1);
    };
    expect(of('error', '; the model did not answer')).toMatch(/\? unknown/);
    expect(of('error', 'the hold-out set cannot be read')).toMatch(/unknown +the hold-out set cannot be read/);
    expect(of('fail', 'accuracy 0.77; accuracy 0.77 is below 0.85')).toMatch(/✗ not met +accuracy 0\.77 is below 0\.85/);
    expect(of('pending', null)).toMatch(/unknown +the record/);
    expect(of('skipped', 'somebody said so')).toMatch(/✗ not met/);
  });
});

describe('history', () => {
  it('says when each version served, who asked and approved, and why it left', () => {
    const lines = historyLines(history(), canvas(Infinity, false));
    expect(lines.find((line) => line.includes('replaced by'))).toMatch(
      /1\.2\.0 +2026-07-01 00:00:00 UTC +2026-08-01 00:00:00 UTC +31 days +replaced by 1\.4\.0 +marco.*data-science: somebody/,
    );
    expect(lines.find((line) => line.includes('rolled back'))).toMatch(
      /2 d 4 h +rolled back to 1\.2\.0 by olga\.devops@duetmind\.example: the error rate is 7 %/,
    );
    expect(lines.find((line) => line.includes('serving'))).toMatch(
      /1\.2\.0 .*serving +38 d 8 h +- +olga\.devops@duetmind\.example \(rollback\)/,
    );
    expect(lines.at(-1)).toMatch(/1\.1\.0 +rejected .*performance failed: accuracy 0\.7711 is below 0\.8500/);
  });

  it('says of a rollback that nobody asked for that it happened by itself, and why', () => {
    const ended = { how: 'rolled back', by: '1.2.0', person: null, reason: 'error-rate was beyond its limit' } as const;
    const [, left, back] = history().intervals;
    if (!left || !back) throw new Error('the sample has three stretches');
    const intervals = [
      { ...left, ended },
      { ...back, kind: 'automatic' as const, requestedBy: null },
    ];
    const text = historyLines(history({ intervals }), canvas(Infinity, false)).join('\n');
    expect(text).toContain('rolled back to 1.2.0 by itself: error-rate was beyond its limit');
    expect(text).toMatch(/1\.2\.0 .*serving .*nobody: the watch/);
  });

  it('says what to do next where there is nothing', () => {
    const text = historyLines(history({ intervals: [], attempts: [] }), canvas(80, false)).join(' ');
    expect(text).toMatch(/nothing has been in production yet.*Next: gatehouse/);
  });
});

describe('what comes from the record', () => {
  const evil = attempt({ requestedBy: EVIL, endReason: EVIL, relaxed: [EVIL], waitingFor: [EVIL] });
  const followUps = [{ ...failed, step: EVIL, detail: EVIL }];
  const gates = evil.gates.map((gate) => ({ ...gate, by: EVIL, at: '2026-09-07T08:00:01.234Z', group: EVIL, who: [EVIL] }));
  const conditions = check().conditions.map((each) => ({ ...each, measured: EVIL, limit: EVIL, who: EVIL }));
  const intervals = history().intervals.map((each) => {
    const approvals = each.approvals.map((approval) => ({ ...approval, by: EVIL }));
    return {
      ...each,
      requestedBy: EVIL,
      approvals,
      ended: { how: 'rolled back', by: EVIL, person: EVIL, reason: EVIL } as const,
    };
  });
  const attempts = history().attempts.map((each) => ({ ...each, requestedBy: EVIL, reason: EVIL }));
  it.each([
    [
      'status',
      (on: Canvas) =>
        statusLines(status(version('1.4.0', { quarantine: EVIL, followUps, promotion: { ...evil, gates } })), on, noLink),
    ],
    [
      'the watch and incidents',
      (on: Canvas) =>
        statusLines(
          inService({ watch: watch({ reason: EVIL, source: EVIL }), incidents: [incident({ what: EVIL, version: EVIL })] }),
          on,
          noLink,
        ),
    ],
    ['check', (on: Canvas) => checkLines(check({ conditions, stage: 'rejected', endReason: EVIL, relaxed: [EVIL] }), on)],
    ['history', (on: Canvas) => historyLines(history({ intervals, attempts }), on)],
  ])('reaches the terminal escaped in %s', (_, draw) => {
    for (const width of [40, 200]) {
      expect(draw(canvas(width, false)).join('')).not.toMatch(/[\p{Cc}\p{Zl}\u202e\u200b]/u);
      // With colours only whole colour codes are there, and those are ours.
      expect(
        draw(canvas(width, true))
          .join('')
          .replace(/\u001b\[\d\d?m/g, ''),
      ).not.toMatch(/[\p{Cc}\p{Zl}\u202e\u200b]/u);
      expect(draw(canvas(width, true)).join('')).not.toContain('\u001b[2J');
    }
  });

  it('is the same document for whoever parses it, and safe to print', () => {
    const document = { comment: `${EVIL}\u{e0041}`, plain: 'naïve 模型 🚀 "\\' };
    expect(JSON.parse(jsonText(document))).toEqual(document);
    expect(jsonText(document)).not.toMatch(/[\p{Cc}\p{Zl}\u202e\u{e0041}]/u);
    expect(jsonText(document)).toContain('naïve 模型 🚀');
    expect(printable('a\u0000b\u2029c')).toBe('a\\u0000b\\u2029c');
  });
});
