import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../client/verify.js';
import { GATES } from '../../domain/policy.js';
import type { ServingBundle } from '../../domain/serving-bundle.js';
import type { Trust, TrustedPerson } from '../../domain/trust.js';
import { advanceClock } from '../../platform/clock.js';
import { sha256 } from '../../platform/digest.js';
import { openEnvelope } from '../../platform/envelope.js';
import { readTrust } from '../../platform/read/trust.js';
import { startProvider, type TestProvider } from '../support/identity-provider.js';
import { loginsAt, type Logins } from '../support/logins.js';
import { ALICE, ANTON } from '../support/people.js';
import { PEOPLE } from '../support/promotion.js';
import { bundleOf, packageCopy } from '../support/served.js';
import { MODEL } from '../support/stack.js';
import { drive, staged } from '../support/staged.js';
import { makeWorld, type World } from '../support/world.js';

const HUMANS = { dana: 'Dana Door', oleg: 'Oleg Ox', bruno: 'Bruno Bell', selma: 'Selma Sun' } as const;
const SUBS = Object.keys(HUMANS) as (keyof typeof HUMANS)[];
const GROUPS = ['ds-team', 'devops', 'business', 'security'];
const emailOf = (sub: string): string => `${sub}@people.example.org`;

let world: World;
let at: TestProvider;
let logins: Logins;
let bundle: ServingBundle;
let trust: Trust;
beforeAll(async () => {
  [world, at] = await Promise.all([makeWorld(), startProvider()]);
  logins = loginsAt(world, at);
  for (const [i, sub] of SUBS.entries())
    at.accounts.set(sub, { name: HUMANS[sub], email: emailOf(sub), email_verified: true, groups: [GROUPS[i]] });
  const id = await staged(world, '1.2.0');
  for (const [i, gate] of GATES.entries()) expect(await logins.decide(id, SUBS[i] ?? '', gate)).toMatchObject({ accepted: true });
  await at.close();
  await advanceClock(world.db.ownerUrl, 7 * 24 * 60 * 60_000);
  await drive(world, id);
  bundle = await bundleOf(world, '1.2.0');
  trust = await readTrust(world.db.reader);
}, 180_000);
afterAll(() => world?.close());

const problemOf = async (by: Trust, change: Partial<ServingBundle> = {}): Promise<string> => {
  const verdict = await verifyBundle({ bundle: { ...bundle, ...change }, trust: by, model: MODEL });
  return verdict.ok ? 'it verifies' : verdict.problem;
};

/** The trust file with one person otherwise. */
const withPerson = (sub: string, change: Partial<TrustedPerson>): Trust => ({
  ...trust,
  people: trust.people.map((person) => (person.email === emailOf(sub) ? { ...person, ...change } : person)),
});

const withoutIssuers = (): Trust => {
  const { issuers: _, ...rest } = trust;
  return rest;
};

/** The bundle with the approval of one person otherwise. */
const withApproval = (sub: string, edit: (act: string, token: string, x: string) => string | Promise<string>) =>
  Promise.all(
    bundle.decisions.map(async (text) => {
      const [act = '', token = '', x = ''] = text.split('~');
      const opened = openEnvelope(text);
      return opened.ok && opened.envelope.payload['person'] === emailOf(sub) ? await edit(act, token, x) : text;
    }),
  );
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('a version that was approved by logins', () => {
  it('is handed out by the record, and loaded by the library, with the provider long gone', async () => {
    const resolved = await world.act('resolve', PEOPLE.mlops, { model: MODEL, stage: 'production', version: '' });
    expect(resolved).toMatchObject({ accepted: true, result: { version: '1.2.0' } });
    const dir = mkdtempSync(join(tmpdir(), 'gatehouse-served-'));
    const packageDir = packageCopy(dir, '1.2.0');
    const verdict = await verifyBundle({ bundle: JSON.stringify(bundle), trust, model: MODEL, packageDir });
    if (!verdict.ok) throw new Error(verdict.problem);
    const digest = bundle.manifest.files.find(({ path }) => path === 'model.onnx')?.sha256;
    expect(sha256(await verdict.verifiedFile('model.onnx'))).toBe(digest);
    rmSync(dir, { recursive: true, force: true });
  });

  it('is handed out also when somebody who approved it has other groups by now; a trust file made then has those', async () => {
    const oleg = { email: emailOf('oleg'), name: HUMANS.oleg, issuer: at.issuer, subject: 'oleg', key: '', request: '' };
    for (const by of [ALICE, ANTON])
      expect(await world.act('enrol', by, { ...oleg, member_of: 'business', same_name: '' })).toMatchObject({ accepted: true });
    const resolved = await world.act('resolve', PEOPLE.mlops, { model: MODEL, stage: 'production', version: '' });
    expect(resolved).toMatchObject({ accepted: true });
    expect(await problemOf(await readTrust(world.db.reader))).toMatch(/oleg\S+ is not in group devops/);
  });

  it('is trusted by the accounts of people and the keys of their provider, and by nothing else of it', () => {
    expect(trust.issuers).toMatchObject([{ issuer: at.issuer, audience: 'gatehouse', keys: [{ kid: 'provider-key-1' }] }]);
    expect(Object.keys(trust.issuers?.[0]?.keys[0]?.jwk ?? {}).sort()).toEqual(['e', 'kty', 'n']);
    const oleg = trust.people.find(({ email }) => email === emailOf('oleg'));
    expect(oleg).toMatchObject({ account: { issuer: at.issuer, subject: 'oleg' }, kid: null, keys: [], assurance: 'oidc' });
  });

  it.each<[string, () => Trust, RegExp]>([
    ['no provider', () => ({ ...trust, issuers: [] }), /decisions: identity provider "http\S+" is none that is trusted/],
    ['a file of before there were any', withoutIssuers, /identity provider "http\S+" is none that is trusted/],
    [
      'another provider',
      () => issuer({ issuer: 'https://id.example.org' }),
      /identity provider "http\S+" is none that is trusted/,
    ],
    ['another client', () => issuer({ audience: 'wiki' }), /the login of \w+@\S+: ID token aud is "gatehouse", not wiki/],
    ['another key of that name', () => issuer({ keys: [stranger()] }), /ID token is not signed with key provider-key-1 of http/],
    ['no key of that name', () => issuer({ keys: [{ ...stranger(), kid: 'k2' }] }), /key provider-key-1 of http\S+ is not among/],
    [
      'another account of a person',
      () => withPerson('oleg', { account: { issuer: at.issuer, subject: 'olga' } }),
      /account "oleg" at http\S+ is nobody's who is trusted/,
    ],
    ['no account of a person', () => withPerson('oleg', { account: null }), /account "oleg" at http\S+ is nobody's/],
    [
      'a person who was revoked',
      () => withPerson('oleg', { revokedAt: '2030-01-01T00:00:00.000Z' }),
      /account of oleg\S+ was rev/,
    ],
    ['another e-mail address', () => withPerson('oleg', { email: 'ole@people.example.org' }), /person is signed as oleg@/],
    ['another printed name', () => withPerson('oleg', { name: 'Ole Ox' }), /printed_name is signed as Oleg Ox, not Ole Ox/],
    ['other groups', () => withPerson('oleg', { groups: ['business'] }), /oleg\S+ is not in group devops/],
  ])('is refused by name where the trust file has %s', async (_, by, problem) => {
    expect(await problemOf(trust)).toBe('it verifies');
    expect(await problemOf(by())).toMatch(problem);
  });

  it('is refused by name where the login is one for another act', async () => {
    let other = '';
    await withApproval('oleg', (_, token) => (other = token));
    const decisions = await withApproval('dana', (act, token, x) => {
      const { nonce } = claimsOf(other);
      return at.forge({ ...claimsOf(token), nonce }).then((forged) => [act, forged, x].join('~'));
    });
    expect(await problemOf(trust, { decisions })).toMatch(/the login of dana@\S+: ID token nonce is "\S+", not/);
  });

  it('is refused by name where an approval comes without its login, or with that of another key', async () => {
    expect(await problemOf(trust, { decisions: await withApproval('oleg', (act) => act) })).toMatch(
      /^decisions: key \S+ is nobody's/,
    );
    const decisions = await withApproval('oleg', (act, token) => [act, token, 'A'.repeat(43)].join('~'));
    expect(await problemOf(trust, { decisions })).toBe('decisions: public key is not that of the header');
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['of another subject', { sub: 'selma' }, /person is signed as oleg@\S+, not selma@/],
    [
      'of an address that nobody verified',
      { email_verified: false },
      /the login of oleg@\S+: ID token email_verified is "false"/,
    ],
    ['that was old when the provider signed', { auth_time: 0 }, /the login of oleg@\S+: ID token auth_time .* before its iat/],
    ['that was over when the provider signed', { exp: 1 }, /the login of oleg@\S+: ID token exp/],
    ['that says not when it was made', { iat: undefined }, /the login of oleg@\S+: ID token iat is "none"/],
  ])('is refused by name where the provider signed a login %s', async (_, change, problem) => {
    const decisions = await withApproval('oleg', async (act, token, x) =>
      [act, await at.forge({ ...claimsOf(token), ...change }), x].join('~'),
    );
    expect(await problemOf(trust, { decisions })).toMatch(problem);
  });
});

const issuer = (change: object): Trust => ({ ...trust, issuers: (trust.issuers ?? []).map((each) => ({ ...each, ...change })) });
const stranger = () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid: 'provider-key-1', jwk: { ...publicKey.export({ format: 'jwk' }) } };
};
