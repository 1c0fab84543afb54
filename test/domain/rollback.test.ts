import { describe, expect, it } from 'vitest';
import { judgeRollback, pagesOnCall, rollbackTargets } from '../../domain/rollback.js';

const former = [
  { version: '3.0.0', status: 'production', quarantine: null },
  { version: '2.0.0', status: 'archived', quarantine: 'it missed patients' },
  { version: '1.1.0', status: 'deleted', quarantine: null },
  { version: '1.0.0', status: 'archived', quarantine: null },
];
const now = { production: '3.0.0', former };

describe('rules §5, "to the last version that was in production before, or to the version named"', () => {
  it('offers what was in production, is archived and not quarantined, the last one first', () => {
    expect(rollbackTargets(now)).toEqual(['1.0.0']);
    expect(rollbackTargets({ ...now, former: former.map((each) => ({ ...each, quarantine: null })) })).toEqual([
      '2.0.0',
      '1.0.0',
    ]);
  });

  it('"on condition that production is still what the caller thought"', () => {
    expect(judgeRollback(now, { from: '3.0.0', to: '1.0.0' })).toBeUndefined();
    expect(judgeRollback(now, { from: '2.0.0', to: '1.0.0' })).toMatchObject({
      kind: 'conflict',
      given: '2.0.0',
      allowed: '3.0.0',
    });
    expect(judgeRollback(now, { from: null, to: '1.0.0' })).toMatchObject({ kind: 'conflict', given: 'none' });
  });

  it.each([
    ['3.0.0', /3\.0\.0 is in production/],
    ['9.0.0', /9\.0\.0 was never in production/],
    ['2.0.0', /2\.0\.0 is quarantined: it missed patients/],
    ['1.1.0', /1\.1\.0 is deleted/],
  ])('refuses %s and lists the valid targets', (to, why) => {
    const refusal = judgeRollback(now, { from: '3.0.0', to });
    expect(refusal).toMatchObject({ kind: 'rule', allowed: 'valid targets: 1.0.0' });
    expect(refusal?.what).toMatch(why);
  });

  it('"with nothing to roll back to … it does not pretend"', () => {
    const alone = { production: '3.0.0', former: former.slice(0, 1) };
    expect(judgeRollback(alone, { from: '3.0.0', to: '1.0.0' })).toMatchObject({ kind: 'rule', allowed: 'valid targets: none' });
  });

  it.each([
    ['a quarantined target', now, { from: '3.0.0', to: '2.0.0' }, true],
    ['nothing to roll back to', { production: '3.0.0', former: former.slice(0, 1) }, { from: '3.0.0', to: '' }, true],
    ['another production than was thought', { production: '3.0.0', former: [] }, { from: '2.0.0', to: '' }, false],
    ['a version that never served', now, { from: '3.0.0', to: '9.0.0' }, false],
    ['the version in production', now, { from: '3.0.0', to: '3.0.0' }, false],
  ] as const)('"refused with the reason and the on-call is paged": %s', (_, situation, asked, pages) => {
    expect(pagesOnCall(situation, asked)).toBe(pages);
  });

  it('a retired version can be brought back where nothing is in production', () => {
    const retired = { production: null, former: [{ version: '1.0.0', status: 'archived', quarantine: null }] };
    expect(judgeRollback(retired, { from: null, to: '1.0.0' })).toBeUndefined();
  });
});
