import { describe, expect, it } from 'vitest';
import { discoveryUrl, identityProviderOf } from '../../platform/identity-provider.js';

const ENV = { GATEHOUSE_OIDC_ISSUER: 'https://id.example.org/realms/main', GATEHOUSE_OIDC_CLIENT_ID: 'gatehouse' };

function read(env: Record<string, string>) {
  const problems: string[] = [];
  return { provider: identityProviderOf(env, problems), problems };
}

describe('the configured identity provider', () => {
  it('is none where none is named, and what is named otherwise', () => {
    expect(read({})).toEqual({ provider: undefined, problems: [] });
    expect(read(ENV)).toEqual({
      provider: { issuer: ENV.GATEHOUSE_OIDC_ISSUER, clientId: 'gatehouse', groupsClaim: 'groups' },
      problems: [],
    });
    expect(read({ ...ENV, GATEHOUSE_OIDC_GROUPS_CLAIM: 'roles' }).provider?.groupsClaim).toBe('roles');
  });

  it.each([
    ['https://id.example.org', true],
    ['https://id.example.org/', true],
    ['http://127.0.0.1:8080', true],
    ['http://localhost:8080/realms/a', true],
    ['http://[::1]:8080', true],
    ['http://id.example.org', false],
    ['http://localhost.example.org', false],
    ['http://127.0.0.1.example.org', false],
    ['https://user:password@id.example.org', false],
    ['https://id.example.org?tenant=1', false],
    ['https://id.example.org#a', false],
    ['ftp://id.example.org', false],
    ['id.example.org', false],
  ])('is https, or on loopback: %s', (issuer, isTaken) => {
    const { problems } = read({ ...ENV, GATEHOUSE_OIDC_ISSUER: issuer });
    expect(problems).toEqual(
      isTaken ? [] : [expect.stringMatching(/^GATEHOUSE_OIDC_ISSUER: is not the https address/) as string],
    );
  });

  it('says everything that is wrong at once', () => {
    const { problems } = read({ GATEHOUSE_OIDC_ISSUER: 'x', GATEHOUSE_OIDC_GROUPS_CLAIM: 'a b' });
    expect(problems.map((line) => line.split(':')[0])).toEqual([
      'GATEHOUSE_OIDC_ISSUER',
      'GATEHOUSE_OIDC_CLIENT_ID',
      'GATEHOUSE_OIDC_GROUPS_CLAIM',
    ]);
    expect(read({ GATEHOUSE_OIDC_CLIENT_ID: 'a' }).problems).toEqual([
      'GATEHOUSE_OIDC_ISSUER: is not set, though GATEHOUSE_OIDC_CLIENT_ID is',
    ]);
  });

  it('describes itself below its own address, with or without a slash at the end', () => {
    for (const issuer of ['https://a.b/c', 'https://a.b/c/'])
      expect(discoveryUrl(issuer)).toBe('https://a.b/c/.well-known/openid-configuration');
  });
});
