import { describe, expect, it } from 'vitest';
import { judgeRights, type RegisteredInto } from '../../domain/policy-rights.js';
import { FIRST_RIGHTS, hasRight, judgedBy, type RightsTable } from '../../domain/rights.js';

const table = (change: Partial<RightsTable> = {}) => ({ rights: { ...FIRST_RIGHTS, ...change } });

describe('whose policy judges an act', () => {
  it.each([
    ['an attempt', { model: 'm', version: '1.0.0', promotion: 'm/1.0.0/1' }, { model: 'm', version: '1.0.0' }],
    // What is signed as the attempt does not choose the policy: the newest attempt of the version does.
    ['an attempt that is not named', { model: 'm', version: '1.0.0', promotion: '' }, { model: 'm', version: '1.0.0' }],
    ['a version', { model: 'm', version: '1.0.0' }, { model: 'm', version: null }],
    ['a model', { model: 'm' }, { model: 'm', version: null }],
    ['the defaults', { model: '_defaults' }, { model: '_defaults', version: null }],
    ['all models', { model: '' }, { model: '_defaults', version: null }],
    ['no model', { file: 'f' }, { model: '_defaults', version: null }],
  ])('about %s', (_about, payload, judge) => {
    expect(judgedBy(payload)).toEqual(judge);
  });

  it('one group of several is enough, and none never is', () => {
    expect(hasRight(['business', 'mlops'], ['mlops', 'devops'])).toBe(true);
    expect(hasRight(['business'], ['mlops', 'devops'])).toBe(false);
    expect(hasRight([], ['mlops'])).toBe(false);
  });
});

describe('which tables of rights may be registered', () => {
  const into = (change: Partial<RegisteredInto> = {}): RegisteredInto => ({
    by: { email: 'alice', groups: ['admin'] },
    defaults: table(),
    before: undefined,
    living: ['admin', 'mlops', 'ds-team'],
    ...change,
  });
  const dana = { email: 'dana', groups: ['ds-team'] };
  const delegated = table({ policy: ['admin', 'ds-team'] });

  it('more groups than those of the defaults change a policy only where somebody says so whom the defaults let change it', () => {
    const wider = { model: 'm', ...table({ policy: ['ds-team', 'mlops'] }) };
    expect(judgeRights(wider, into({ before: delegated }))).toBeUndefined();
    expect(judgeRights(wider, into({ before: delegated, by: dana }))).toMatchObject({
      kind: 'identity',
      what: 'right to let more groups change the policy of m (rights.policy: mlops)',
      given: 'dana is in ds-team',
      allowed: 'groups admin, as _defaults say',
    });
  });

  it('groups that had it before keep it, and may be fewer', () => {
    for (const policy of [['admin', 'ds-team'], ['ds-team'], ['admin']])
      expect(judgeRights({ model: 'm', ...table({ policy }) }, into({ before: delegated, by: dana }))).toBeUndefined();
  });

  it('somebody is always left who changes policies and people: one living group of several is enough', () => {
    const first = into({ defaults: undefined });
    for (const right of ['policy', 'people'] as const) {
      expect(judgeRights({ model: '_defaults', ...table({ [right]: ['board', 'admin'] }) }, first)).toBeUndefined();
      expect(judgeRights({ model: '_defaults', ...table({ [right]: ['board'] }) }, first)).toMatchObject({
        kind: 'rule',
        what: `nobody could change ${right === 'policy' ? 'the policy of _defaults' : 'people'} any more`,
        given: `rights.${right}: board`,
        allowed: 'a group with a member who can sign: admin, mlops, ds-team',
      });
    }
    expect(judgeRights({ model: 'm', ...table({ policy: ['board'] }) }, into())).toMatchObject({ kind: 'rule' });
  });

  it("a model's file says nothing of people, who go by the defaults", () => {
    expect(judgeRights({ model: 'm', ...table({ people: ['board'] }) }, into())).toBeUndefined();
  });
});
