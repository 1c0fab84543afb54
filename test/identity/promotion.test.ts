import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAIN_START } from '../../domain/audit.js';
import type { Gate } from '../../domain/policy.js';
import { advanceClock } from '../../platform/clock.js';
import { loadAttempt } from '../../platform/attempt.js';
import { chainLink } from '../../platform/audit.js';
import { sha256 } from '../../platform/digest.js';
import { readBundle, type Bundle } from '../../platform/read/bundle.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { intrude, rechain, type Intruder } from '../read/intruder.js';
import { verifyAlone, written } from '../support/bundle.js';
import { startProvider, type TestProvider } from '../support/identity-provider.js';
import { loginsAt, type Logins } from '../support/logins.js';
import { MODEL } from '../support/stack.js';
import { drive, staged } from '../support/staged.js';
import { first, makeWorld, type World } from '../support/world.js';

const DAY = 24 * 60 * 60_000;
let world: World;
let at: TestProvider;
let logins: Logins;
let id: string;
let intruder: Intruder;
const tilda = (...groups: string[]) => ({ name: 'Tilda Turner', email: 'tilda@example.org', email_verified: true, groups });
const quentin = { name: 'Quentin Quick', email: 'quentin@example.org', email_verified: true, groups: ['security'] };

beforeAll(async () => {
  [world, at] = await Promise.all([makeWorld(), startProvider()]);
  logins = loginsAt(world, at);
  at.accounts.set('u-1', tilda('devops', 'security'));
  at.accounts.set('u-2', quentin);
  id = await staged(world, '1.2.0');
}, 180_000);
afterAll(async () => {
  await intruder?.client.end();
  await world.close();
});

async function stateOf(gate: Gate): Promise<string | undefined> {
  const { progress } = await world.activities.standing({ promotionId: id });
  return progress.gates.find((each) => each.gate === gate)?.state;
}

const keyed = async (gate: Gate, group: string) =>
  world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, await first(world.db, group), gate) });

describe('a promotion that is approved by logins', () => {
  it('counts the approval of whoever is in the group, by the token', async () => {
    expect(await logins.decide(id, 'u-1', 'devops')).toMatchObject({ accepted: true });
    expect(await stateOf('devops')).toBe('approved');
    expect(await logins.decide(id, 'u-2', 'business')).toMatchObject({
      accepted: false,
      refusal: { kind: 'identity', what: 'gate business is decided by group business' },
    });
    expect(await logins.decide(id, 'u-1', 'security')).toMatchObject({
      refusal: { kind: 'rule', what: expect.stringContaining('second gate') as string },
    });
    expect(await logins.decide(id, 'u-2', 'security')).toMatchObject({ accepted: true });
  });

  it('no longer counts it when a later login lacks the group, and again when one has it', async () => {
    at.accounts.set('u-1', tilda('security'));
    await logins.act('freeze', 'u-1', { model: MODEL, freeze: 'on', reason: 'not my turn to decide' });
    expect(await stateOf('devops')).toBe('void');
    at.accounts.set('u-1', tilda('devops'));
    await logins.act('freeze', 'u-1', { model: MODEL, freeze: 'off', reason: 'nothing was frozen here' });
    expect(await stateOf('devops')).toBe('approved');
  });

  it('goes into production when the provider is long gone, and its proof holds without it', async () => {
    await at.close();
    await keyed('data-science', 'ds-team');
    await keyed('business', 'business');
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    await drive(world, id);
    const { rows } = await world.db.reader.query<{ status: string }>(
      `SELECT status FROM model_version_detail WHERE version = '1.2.0'`,
    );
    expect(rows).toEqual([{ status: 'production' }]);
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });

  it('an export has the key of the provider and verifies alone', async () => {
    const text = written(await readBundle(world.db.reader, world.deps.store, id));
    const ran = await verifyAlone(text);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/4 gates approved by .*tilda@example\.org/);
  });

  it.each<[string, (bundle: Bundle) => Bundle, RegExp]>([
    ['without the key', (bundle) => without(bundle, 'issuer.key-seen'), /the login of (tilda|quentin)@example.org does not hold/],
    [
      'with another key',
      (bundle) => rewritten(bundle, 'issuer.key-seen', (body) => body.replace(/"n":"[^"]{8}/, '"n":"AAAAAAAA')),
      /the login of (tilda|quentin)@example.org does not hold/,
    ],
    [
      'with another account',
      (bundle) => rewritten(bundle, 'person.enrolled', (body) => body.replace('"subject":"u-2"', '"subject":"u-3"')),
      /the login of quentin@example.org does not hold/,
    ],
    [
      'with the login of another',
      (bundle) => swapped(bundle, (one, other) => [one[0], other[1], one[2]].join('~')),
      /the login of (tilda|quentin)@example.org does not hold/,
    ],
    ['without its login', (bundle) => swapped(bundle, (one) => String(one[0])), /is signed with a key that is not/],
  ])('an export %s does not', async (_, change, why) => {
    const bundle = await readBundle(world.db.reader, world.deps.store, id);
    expect((await verifyAlone(written(change(bundle)))).stdout).toMatch(why);
  });
});

describe('what somebody did by hand to what is kept of logins', () => {
  beforeAll(async () => {
    intruder = await intrude(world);
  });
  const body = (from: string, to: string, where: string): string =>
    `UPDATE audit_event SET body = replace(body, '${from}', '${to}') WHERE ${where}`;
  it.each<[string, readonly string[], RegExp]>([
    [
      'the key taken away',
      ['DELETE FROM identity_key'],
      /key \S+ provider-key-1 gatehouse http\S+ is on the trail and not on the record/,
    ],
    ['another key', [`UPDATE identity_key SET jwk = '{}'`], /key \S+ of http\S+ is not the one of event \d+: its jwk/],
    ['a key that nobody saw', [`INSERT INTO identity_key VALUES ('i', 'a', 'k', 't', '{}', now())`], /key t of i is on no event/],
    ['a login taken away', ['DELETE FROM login'], /its login is not on the record/],
    ['a login that nobody named', [`INSERT INTO login VALUES ('${sha256('x')}', 'x')`], /login [0-9a-f]{64} is on no event/],
    [
      'other groups',
      [`UPDATE person SET groups = '{admin}' WHERE subject = 'u-2'`],
      /person quentin@example.org is not who event \d+ enrolled: its groups/,
    ],
    [
      'other groups, on the trail as well',
      [
        `UPDATE person SET groups = '{admin}' WHERE subject = 'u-2'`,
        body('"groups":["security"]', '"groups":["admin"]', `action = 'person.enrolled' AND subject LIKE '%quentin%'`),
        rechain(2),
      ],
      /\(person.enrolled\): its login is by somebody else: its groups/,
    ],
    [
      'another account',
      [
        `UPDATE person SET subject = 'u-9' WHERE subject = 'u-2'`,
        body('"subject":"u-2"', '"subject":"u-9"', `action = 'person.enrolled' AND subject LIKE '%quentin%'`),
        rechain(2),
      ],
      /\(decision.approved\): its signed act is not signed by quentin/,
    ],
  ])('is named: %s', async (_, statements, unbacked) => {
    const report = await intruder.after(...statements);
    expect(report).toMatchObject({ ok: false, firstBroken: null });
    expect(report.unbacked.join('\n')).toMatch(unbacked);
  });

  it('does not make an approval stand', async () => {
    await intruder.client.query(`UPDATE identity_key SET kid = 'another'`);
    expect(
      (await loadAttempt(world.db.reader, id))?.decisions.map(({ person, stands }) => [person.split('@')[0], stands]),
    ).toEqual([
      ['tilda', false],
      ['quentin', false],
      ['dana.datascience', true],
      ['bea.business', true],
    ]);
  });
});

type Edit = (parts: readonly string[], others: readonly string[]) => string;

const without = (bundle: Bundle, action: string): Bundle => {
  return { ...bundle, events: bundle.events.filter(({ body }) => !body.includes(`"action":"${action}"`)) };
};

/** Events with other texts, hashed and linked anew. */
function rewritten(bundle: Bundle, action: string, change: (body: string) => string): Bundle {
  let last = { seq: 0, hash: CHAIN_START };
  const events = bundle.events.map((event) => {
    const { seq } = JSON.parse(event.body) as { seq: number };
    const body = event.body.includes(`"action":"${action}"`) ? change(event.body) : event.body;
    const previous = seq === last.seq + 1 ? last.hash : event.previous;
    last = { seq, hash: chainLink(previous, body) };
    return { previous, body, hash: last.hash };
  });
  return { ...bundle, events };
}

/** The two acts that were signed by logins, each made anew of both, under the hash that it then has. */
function swapped(bundle: Bundle, edit: Edit): Bundle {
  const [one = '', other = ''] = bundle.envelopes.filter((envelope) => envelope.includes('~'));
  const made = new Map([
    [one, edit(one.split('~'), other.split('~'))],
    [other, edit(other.split('~'), one.split('~'))],
  ]);
  const envelopes = bundle.envelopes.map((envelope) => made.get(envelope) ?? envelope);
  const body = (text: string): string =>
    [...made].reduce((now, [before, after]) => now.replaceAll(sha256(before), sha256(after)), text);
  return { ...rewritten({ ...bundle, envelopes }, 'decision.approved', body) };
}
