import { describe, expect, it } from 'vitest';
import { foreignLogin, loginOf, staleLogin, staleWhenMade, type Claims } from '../../domain/login.js';

const NOW = 1_800_000_000;
const EXPECTED = { issuer: 'https://id.example.org', clientId: 'gatehouse', nonce: 'n'.repeat(43), person: 'sara@example.org' };
const CLAIMS: Claims = {
  iss: EXPECTED.issuer,
  aud: 'gatehouse',
  sub: 'u-1',
  nonce: EXPECTED.nonce,
  exp: NOW + 600,
  auth_time: NOW - 10,
  email: 'Sara@Example.org',
  email_verified: true,
  name: 'Sara Security',
  groups: ['security', 'business', 'security'],
};

const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString();

describe('S11: a login proves one act by one person, or is refused by the name of what is wrong', () => {
  it('as it should be nothing is wrong, and the e-mail address counts without its capitals', () => {
    expect(foreignLogin(CLAIMS, EXPECTED)).toBeUndefined();
    expect(staleLogin(CLAIMS, NOW)).toBeUndefined();
    expect(loginOf(CLAIMS, 'groups')).toEqual({
      issuer: EXPECTED.issuer,
      subject: 'u-1',
      email: 'sara@example.org',
      name: 'Sara Security',
      groups: ['business', 'security'],
    });
  });

  it.each([
    ['iss', { iss: 'https://id.example.org/' }],
    ['iss', { iss: undefined }],
    ['aud', { aud: 'another' }],
    ['aud', { aud: [] }],
    ['aud', { aud: undefined }],
    ['azp', { aud: ['gatehouse', 'another'] }],
    ['azp', { azp: 'another' }],
    ['nonce', { nonce: 'm'.repeat(43) }],
    ['nonce', { nonce: undefined }],
    ['sub', { sub: '' }],
    ['sub', { sub: 7 }],
    ['sub', { sub: 'u\u0000' }],
    ['email_verified', { email_verified: false }],
    ['email_verified', { email_verified: 'true' }],
    ['email_verified', { email_verified: undefined }],
    ['email', { email: 'simon@example.org' }],
    ['email', { email: undefined }],
  ])('another %s: %j', (claim, change) => {
    expect(foreignLogin({ ...CLAIMS, ...change }, EXPECTED)).toMatchObject({ kind: 'identity', what: `ID token ${claim}` });
  });

  it('a token for several clients counts where it says that this one asked for it', () => {
    expect(foreignLogin({ ...CLAIMS, aud: ['another', 'gatehouse'], azp: 'gatehouse' }, EXPECTED)).toBeUndefined();
  });

  it.each([
    ['auth_time', { auth_time: NOW - 330 }, true],
    ['auth_time', { auth_time: NOW - 331 }, false],
    ['auth_time', { auth_time: NOW + 30 }, true],
    ['auth_time', { auth_time: NOW + 31 }, false],
    ['auth_time', { auth_time: undefined }, false],
    ['auth_time', { auth_time: String(NOW) }, false],
    ['exp', { exp: NOW - 29 }, true],
    ['exp', { exp: NOW - 30 }, false],
    ['exp', { exp: undefined }, false],
    ['nbf', { nbf: NOW + 30 }, true],
    ['nbf', { nbf: NOW + 31 }, false],
  ])('a login is at most 300 s old and clocks differ by at most 30 s: %s %j', (claim, change, isFresh) => {
    expect(staleLogin({ ...CLAIMS, ...change }, NOW)?.what).toBe(isFresh ? undefined : `ID token ${claim}`);
  });

  it.each([
    ['auth_time', { auth_time: NOW - 330 }, true],
    ['auth_time', { auth_time: NOW - 331 }, false],
    ['exp', { exp: NOW - 29 }, true],
    ['exp', { exp: NOW - 30 }, false],
    ['nbf', { nbf: NOW + 31 }, false],
    ['iat', { iat: undefined }, false],
    ['iat', { iat: String(NOW) }, false],
  ])('years later it was as fresh when the provider signed it: %s %j', (claim, change, isFresh) => {
    expect(staleWhenMade({ ...CLAIMS, iat: NOW, ...change })?.what).toBe(isFresh ? undefined : `ID token ${claim}`);
  });

  it.each([
    [NOW - 330, true],
    [NOW - 331, false],
    [NOW + 600 + 330, true],
    [NOW + 600 + 331, false],
  ])('and was made while its act could come in, within 330 s: %d', (iat, isThen) => {
    const signed = { issued: iso(NOW), expires: iso(NOW + 600) };
    const claims = { ...CLAIMS, iat, auth_time: iat, exp: iat + 600 };
    expect(staleWhenMade(claims)).toBeUndefined();
    expect(staleWhenMade(claims, signed)?.what).toBe(isThen ? undefined : 'ID token iat');
  });

  it.each([
    ['name', { name: undefined }],
    ['name', { name: ' ' }],
    ['name', { name: 'a\u202eb' }],
    ['name', { name: 'n'.repeat(201) }],
    ['groups', { groups: undefined }],
    ['groups', { groups: [7] }],
    ['groups', { groups: ['a\nb'] }],
    ['groups', { groups: Array.from({ length: 501 }, (_, i) => `g${i}`) }],
  ])('without a usable %s it names nobody: %j', (claim, change) => {
    expect(loginOf({ ...CLAIMS, ...change }, 'groups')).toMatchObject({ kind: 'identity', what: `ID token ${claim}` });
  });

  it('one group may come as a text, none as an empty list, and from the claim that is configured', () => {
    expect(loginOf({ ...CLAIMS, groups: 'security' }, 'groups')).toMatchObject({ groups: ['security'] });
    expect(loginOf({ ...CLAIMS, groups: [] }, 'groups')).toMatchObject({ groups: [] });
    expect(loginOf({ ...CLAIMS, roles: ['devops'] }, 'roles')).toMatchObject({ groups: ['devops'] });
  });
});
