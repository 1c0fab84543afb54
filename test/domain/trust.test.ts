import { describe, expect, it } from 'vitest';
import { hasTrustedRight, trustedAccount, trustedKey, wrongTrust, type Trust, type TrustedPerson } from '../../domain/trust.js';

const publicKey = { kty: 'OKP', crv: 'Ed25519', x: 'x' };
const olga: TrustedPerson = {
  email: 'olga@here.example',
  name: 'Olga',
  groups: ['devops'],
  kid: 'new',
  publicKey,
  keys: [
    { kid: 'old', publicKey, since: '2026-01-01T00:00:00.000Z' },
    { kid: 'new', publicKey, since: '2026-02-01T00:00:00.000Z' },
  ],
  standsSince: '2026-01-01T00:00:00.000Z',
  assurance: 'enrolled',
  revokedAt: null,
};
const trust = (...people: TrustedPerson[]): Trust => ({ installation: 'here', environment: 'production', people });

describe('a key that is or was a trusted person’s', () => {
  it('counts while it is their own, and one they had before for what was signed until the next one', () => {
    expect(trustedKey(trust(olga), 'new')).toMatchObject({ person: olga, until: null });
    expect(trustedKey(trust(olga), 'old')).toMatchObject({ person: olga, until: '2026-02-01T00:00:00.000Z' });
    expect(trustedKey(trust(olga), 'other')).toBeUndefined();
  });

  it('that was in other hands counts for nothing since another took its place', () => {
    const lost = { ...olga, standsSince: '2026-02-01T00:00:00.000Z' };
    expect(trustedKey(trust(lost), 'old')).toBeUndefined();
    expect(trustedKey(trust({ ...olga, standsSince: '2026-01-31T23:59:59.999Z' }), 'old')).toBeDefined();
  });

  it('is nobody’s who has none', () => {
    expect(trustedKey(trust({ ...olga, kid: null, publicKey: null, keys: [] }), 'new')).toBeUndefined();
  });
});

describe('a trust file', () => {
  it('names a key and an address once', () => {
    expect(wrongTrust(trust(olga))).toBeUndefined();
    expect(wrongTrust(trust(olga, { ...olga, email: 'OLGA@here.example', kid: 'k', keys: [] }))).toMatch(/is there twice/);
    expect(wrongTrust(trust(olga, { ...olga, email: 'o@here.example', kid: 'old', keys: [] }))).toBe('old is there twice');
  });

  it('names an account once, and issuers with their keys', () => {
    const account = { issuer: 'https://id.example.org', subject: 'u-1' };
    const tilda = { ...olga, email: 'tilda@here.example', kid: null, publicKey: null, keys: [], account };
    expect(wrongTrust(trust(olga, tilda))).toBeUndefined();
    expect(trustedAccount(trust(olga, tilda), account)).toBe(tilda);
    expect(trustedAccount(trust(olga, tilda), { ...account, subject: 'u-2' })).toBeUndefined();
    expect(wrongTrust(trust(tilda, { ...tilda, email: 't@here.example' }))).toBe(
      'account u-1 at https://id.example.org is there twice',
    );
    expect(wrongTrust(trust({ ...tilda, account: { ...account, subject: '' } }))).toBe('people[0] is not of its form');
    const key = { kid: 'k', jwk: { kty: 'RSA' } };
    const wrongIssuers = (issuers: unknown) => wrongTrust({ ...trust(tilda), issuers });
    expect(wrongIssuers([{ issuer: account.issuer, audience: 'gatehouse', keys: [key] }])).toBeUndefined();
    for (const issuers of [
      {},
      [null],
      [{ issuer: account.issuer, keys: [key] }],
      [{ issuer: 'i', audience: 'a', keys: [{ kid: 'k' }] }],
    ])
      expect(wrongIssuers(issuers)).toBe('its issuers are not of their form');
  });

  it('says who has a right, or else the policy does, or else the first rights', () => {
    const table = { hold: ['mlops'] };
    expect(hasTrustedRight(trust(olga), olga, 'hold')).toBe(true);
    expect(hasTrustedRight(trust(olga), olga, 'hold', table)).toBe(false);
    expect(hasTrustedRight({ ...trust(olga), rights: { hold: ['devops'] } }, olga, 'hold', table)).toBe(true);
    expect(hasTrustedRight(trust(olga), olga, 'hold', {})).toBe(false);
  });
});
