import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEnvelope } from '../../activities/registry/apply.js';
import { Away } from '../../activities/failures.js';
import type { ActPayload } from '../../domain/acts.js';
import { refusalLine } from '../../domain/refusal.js';
import { startProvider, type TestProvider } from '../support/identity-provider.js';
import { loginsAt, type Logins } from '../support/logins.js';
import { makeWorld, type World } from '../support/world.js';

let world: World;
let at: TestProvider;
let logins: Logins;
const FREEZE = { model: '', freeze: 'on', reason: 'nothing goes out tonight' };
const account = (name: string, groups: readonly string[], more: object = {}) => {
  return { name, email: `${name.toLowerCase().replace(' ', '.')}@example.org`, email_verified: true, groups, ...more };
};

beforeAll(async () => {
  [world, at] = await Promise.all([makeWorld(), startProvider()]);
  logins = loginsAt(world, at);
  at.accounts.set('u-tilda', account('Tilda Turner', ['devops', 'another-group']));
  at.accounts.set('u-quentin', account('Quentin Quick', ['business']));
});
afterAll(async () => {
  await at.close();
  await world.close();
});

const lineOf = async (envelope: string): Promise<string> => {
  const { refusal } = await applyEnvelope(logins.deps, envelope);
  return refusal ? refusalLine(refusal) : 'accepted';
};
const payload = (sub = 'u-tilda', fields: ActPayload = FREEZE) => logins.payload('freeze', sub, fields);
const one = async <T extends object>(query: string): Promise<T | undefined> => (await world.db.reader.query<T>(query)).rows[0];

describe('somebody who signs by a login', () => {
  it('is enrolled by the first act, under the account and its groups, and the act counts', async () => {
    expect(await logins.act('freeze', 'u-tilda', FREEZE)).toMatchObject({ accepted: true });
    expect(await one(`SELECT * FROM person WHERE email = 'tilda.turner@example.org'`)).toMatchObject({
      printed_name: 'Tilda Turner',
      groups: ['another-group', 'devops'],
      kid: null,
      public_key: null,
      issuer: at.issuer,
      subject: 'u-tilda',
      assurance: 'oidc',
      enrolled_by: at.issuer,
      revoked_at: null,
    });
    const { rows } = await world.db.reader.query<{ action: string; actor: string }>(
      'SELECT action, actor FROM audit_event ORDER BY seq DESC LIMIT 3',
    );
    expect(rows.map(({ action, actor }) => `${action} ${actor}`)).toEqual([
      'freeze.begun tilda.turner@example.org',
      'person.enrolled gatehouse',
      'issuer.key-seen gatehouse',
    ]);
  });

  it('is the same person the next time, and nothing is enrolled again', async () => {
    const events = async () => (await one<{ count: number }>('SELECT count(*) FROM audit_event'))?.count ?? 0;
    const before = await events();
    expect(await logins.act('freeze', 'u-tilda', { ...FREEZE, freeze: 'off' })).toMatchObject({ accepted: true });
    expect(await events()).toBe(before + 1);
  });

  it('has the groups of the last login, on the trail where they differ', async () => {
    at.accounts.set('u-tilda', account('Tilda Turner', ['business']));
    const answer = await logins.act('freeze', 'u-tilda', FREEZE);
    expect(answer).toMatchObject({ accepted: false, refusal: { kind: 'identity', what: 'right to freeze' } });
    expect(await one(`SELECT groups FROM person WHERE subject = 'u-tilda'`)).toEqual({ groups: ['business'] });
    at.accounts.set('u-tilda', account('Tilda Turner', ['devops']));
    expect(await logins.act('freeze', 'u-tilda', FREEZE)).toMatchObject({ accepted: true });
    expect(await one(`SELECT count(*) FROM audit_event WHERE action = 'person.regrouped'`)).toEqual({ count: 2 });
  });

  it('gets the same answer for the same envelope, also when the provider is gone', async () => {
    const envelope = await logins.forge(await payload(), 'u-tilda');
    const first = await applyEnvelope(logins.deps, envelope);
    const gone = {
      ...logins.deps,
      identityProvider: {
        ...at,
        issuer: at.issuer,
        clientId: 'x',
        groupsClaim: 'y',
        key: () => Promise.reject(new Away('gone')),
      },
    };
    expect(await applyEnvelope(gone, envelope)).toEqual(first);
  });
});

describe('S11: a login that proves nothing is refused by its own name, and nobody is enrolled', () => {
  const now = Math.floor(Date.now() / 1_000);
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['another issuer', { iss: 'https://evil.example' }, /^4: ID token iss; given: https:\/\/evil.example/],
    ['another audience', { aud: 'another-client' }, /^4: ID token aud; given: another-client; allowed: gatehouse/],
    ['several audiences of whom another asked', { aud: ['gatehouse', 'b'], azp: 'b' }, /^4: ID token azp/],
    ['the nonce of another statement', { nonce: 'A'.repeat(43) }, /^4: ID token nonce/],
    ['an old login', { auth_time: now - 400 }, /^4: ID token auth_time/],
    ['no time of login', { auth_time: undefined }, /^4: ID token auth_time; given: none/],
    ['a token that has expired', { exp: now - 60 }, /^4: ID token exp/],
    ['an address that is not verified', { email_verified: false }, /^4: ID token email_verified/],
    ['the address of somebody else', { email: 'olga.devops@duetmind.example' }, /^4: ID token email; given: olga/],
    ['no groups', { groups: undefined }, /^4: ID token groups; given: none/],
    ['no group that may', { groups: ['business'] }, /^4: right to freeze/],
    ['no name', { name: undefined }, /^4: ID token name/],
  ])('%s', async (_, change, line) => {
    expect(await lineOf(await logins.forge(await payload('u-quentin'), 'u-quentin', { groups: ['devops'], ...change }))).toMatch(
      line,
    );
    expect(await one(`SELECT 1 FROM person WHERE subject = 'u-quentin'`)).toBeUndefined();
  });

  it('a token without a signature, signed with the public key as a secret, or with a key nobody has', async () => {
    const [jws = '', token = '', x = ''] = (await logins.forge(await payload(), 'u-tilda')).split('~');
    const [, claims = '', signature = ''] = token.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(await lineOf(`${jws}~${encode({ alg: 'none', kid: 'k' })}.${claims}.~${x}`)).toMatch(
      /^4: ID token alg; given: "none"/,
    );
    expect(await lineOf(`${jws}~${encode({ alg: 'HS256', kid: 'k' })}.${claims}.${signature}~${x}`)).toMatch(/^4: ID token alg/);
    expect(await lineOf(await logins.forge(await payload(), 'u-tilda', {}, { kid: 'another' }))).toMatch(
      /^4: ID token kid; given: another/,
    );
    const spoilt = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await lineOf(`${jws}~${token.replace(signature, spoilt)}~${x}`)).toMatch(/^4: ID token signature/);
  });

  it('a token that was taken from another act, and an act that was changed under it', async () => {
    const [jws = '', token = '', x = ''] = (await logins.sign(await payload(), 'u-tilda')).split('~');
    const another = (await logins.forge(await payload(), 'u-tilda')).split('~');
    expect(await lineOf([another[0], token, another[2]].join('~'))).toMatch(/^4: ID token nonce/);
    const [header, , signature] = jws.split('.');
    const changed = [
      header,
      Buffer.from(
        Buffer.from(jws.split('.')[1] ?? '', 'base64url')
          .toString()
          .replace('tonight', 'all year'),
      ).toString('base64url'),
      signature,
    ].join('.');
    expect(await lineOf(`${changed}~${token}~${x}`)).toMatch(/^4: ID token nonce/);
    expect(await lineOf(`${jws.slice(0, -86)}${'A'.repeat(86)}~${token}~${x}`)).toMatch(/^4: signature/);
    expect(await lineOf(jws)).toMatch(/^4: signature/);
  });

  it('a second text over the same act: one login signs one act', async () => {
    const first = await logins.forge(await payload('u-tilda', { ...FREEZE, freeze: 'off' }), 'u-tilda');
    expect(await lineOf(first)).toBe('accepted');
    const [jws = '', token = '', x = ''] = first.split('~');
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(await lineOf(`${jws}~${await at.forge({ ...claims, jti: 'another' })}~${x}`)).toMatch(
      /^5: this login has signed this act already/,
    );
  });

  it('nothing at all is decided while the provider does not answer', async () => {
    const gone = { ...at, clientId: 'gatehouse', groupsClaim: 'groups', key: () => Promise.reject(new Away('gone')) };
    const envelope = await logins.forge(await payload(), 'u-tilda');
    await expect(applyEnvelope({ ...logins.deps, identityProvider: gone }, envelope)).rejects.toThrow(Away);
    expect(await lineOf(envelope)).toBe('accepted');
  });

  it('a login counts nowhere that no provider is configured', async () => {
    const { refusal } = await applyEnvelope(world.deps, await logins.forge(await payload(), 'u-tilda'));
    expect(refusal).toMatchObject({ kind: 'identity', what: 'identity provider', given: 'none' });
  });
});

describe('rules §3: one human is one person', () => {
  it.each<[string, string, object, RegExp]>([
    [
      'the same account under another address',
      'u-tilda',
      account('Tilda Twice', ['devops']),
      /one human is one person: account; given: u-tilda; the account is that of tilda.turner/,
    ],
    [
      'another account under the same address',
      'u-2',
      account('Tilda Turner', ['devops']),
      /one human is one person: e-mail; .* with another account/,
    ],
    [
      'an account of somebody with a key',
      'u-3',
      account('Olga Devops', ['devops'], { email: 'olga.devops@duetmind.example' }),
      /one human is one person: e-mail; .* with a key of their own/,
    ],
    [
      'an address that looks like another',
      'u-4',
      account('Somebody New', ['devops'], { email: 'ti1da.turner@example.org' }),
      /one human is one person: e-mail; .* looks like tilda/,
    ],
    [
      'the mailbox of another',
      'u-5',
      account('Somebody New', ['devops'], { email: 'tilda.turner+2@example.org' }),
      /one human is one person: e-mail; .* mailbox/,
    ],
    [
      'a name that looks like another',
      'u-6',
      account('Ti1da Turner', ['devops'], { email: 'new@example.org' }),
      /one human is one person: printed name/,
    ],
  ])('%s', async (_, sub, said, line) => {
    const before = at.accounts.get(sub);
    at.accounts.set(sub, said as Record<string, unknown>);
    expect(await lineOf(await logins.forge(await payload(sub), sub))).toMatch(line);
    if (before) at.accounts.set(sub, before);
  });

  it('whoever was revoked stays revoked', async () => {
    await world.db.owner.query(`UPDATE person SET revoked_at = gatehouse_now() WHERE subject = 'u-tilda'`);
    expect(await lineOf(await logins.forge(await payload(), 'u-tilda'))).toMatch(
      /^4: account; given: tilda.turner@example.org was revoked/,
    );
    await world.db.owner.query(`UPDATE person SET revoked_at = NULL WHERE subject = 'u-tilda'`);
  });
});

describe('where the environment is production', () => {
  it('no login counts at a provider that is not spoken to over https', async () => {
    await world.db.owner.query(`UPDATE installation SET clock_offset = '0', environment = 'production'`);
    expect(await lineOf(await logins.forge(await payload(), 'u-tilda'))).toMatch(
      /^4: identity provider; given: http:\S+; allowed: https where the environment is production/,
    );
  });
});
