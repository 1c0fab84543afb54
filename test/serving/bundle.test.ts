import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../client/verify.js';
import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import { GATES } from '../../domain/policy.js';
import type { ServingBundle } from '../../domain/serving-bundle.js';
import type { Trust } from '../../domain/trust.js';
import { signEnvelope, openEnvelope } from '../../platform/envelope.js';
import { sha256 } from '../../platform/digest.js';
import { generateKey, type SigningKey } from '../../platform/keys.js';
import { readTrust } from '../../platform/read/trust.js';
import { PEOPLE } from '../support/promotion.js';
import { bundleOf, promoted } from '../support/served.js';
import { staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { AT, makeWorld, type World } from '../support/world.js';

let world: World;
let trust: Trust;
const bundles: Record<string, ServingBundle> = {};
beforeAll(async () => {
  world = await makeWorld();
  await promoted(world, '1.2.0');
  bundles['promotion'] = await bundleOf(world, '1.2.0');
  await promoted(world, '1.4.0');
  const back = { model: MODEL, from_version: '1.4.0', to_version: '1.2.0', reason: 'it misses too many patients' };
  expect(await world.act('rollback', PEOPLE.devops, back)).toMatchObject({ accepted: true });
  bundles['rollback'] = await bundleOf(world, '1.2.0');
  await staged(world, '1.5.0');
  bundles['staging'] = await bundleOf(world, '1.5.0');
  trust = await readTrust(world.db.reader);
}, 120_000);
afterAll(() => world?.close());

const REQUESTER = `marco.mlops${AT}`;
const KINDS = ['promotion', 'rollback', 'staging'] as const;
type Kind = (typeof KINDS)[number];
const of = (kind: Kind): ServingBundle => structuredClone(bundles[kind] as ServingBundle);
const verify = (bundle: unknown, by: Trust = trust) =>
  verifyBundle({
    bundle,
    trust: by,
    model: MODEL,
    stage: bundle === null ? 'production' : ((bundle as ServingBundle).stage ?? 'production'),
  });
const problemOf = async (bundle: unknown, by?: Trust): Promise<string> => {
  const verdict = await verify(bundle, by);
  return verdict.ok ? 'it verifies' : verdict.problem;
};

type Path = readonly (string | number)[];

/** Every value of a document that holds no other. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, Array.isArray(value) ? Number(name) : name]));
}

/** Other values of the same kind, as an orchestrator would invent them. */
function others(value: unknown): unknown[] {
  if (typeof value === 'number') return [value + 1, 0, -1, Number.NaN];
  if (value === null) return ['', {}, []];
  if (typeof value !== 'string') return [null];
  const middle = Math.floor(value.length / 2);
  const flipped = value[middle] === 'a' ? 'b' : 'a';
  return [`${value.slice(0, middle)}${flipped}${value.slice(middle + 1)}`, `${value} `, value.slice(1), '', null];
}

function changed(document: object, path: Path, to: unknown): object {
  const copy = structuredClone(document);
  const last = path.at(-1) as string;
  const holder = path
    .slice(0, -1)
    .reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, copy as Record<string, unknown>);
  holder[last] = to;
  return copy;
}

describe('a serving bundle of the record', () => {
  it.each(KINDS)('verifies: %s, also as text', async (kind) => {
    expect(await problemOf(of(kind))).toBe('it verifies');
    const verdict = await verifyBundle({ bundle: JSON.stringify(of(kind)), trust, stage: of(kind).stage });
    expect(verdict).toMatchObject({ ok: true, bundle: { model: MODEL } });
  });

  it.each(KINDS)('with any of its values changed it does not: %s', async (kind) => {
    const paths = leaves(of(kind));
    expect(paths.length).toBeGreaterThan(kind === 'staging' ? 15 : 30);
    const passed: string[] = [];
    for (const path of paths) {
      const value = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], of(kind));
      for (const other of others(value).filter((each) => each !== value))
        if ((await problemOf(changed(of(kind), path, other))) === 'it verifies')
          passed.push(`${path.join('.')} as ${JSON.stringify(other)}`);
    }
    expect(passed).toEqual([]);
  });

  it.each(KINDS)('with anything left out, added or said twice it does not: %s', async (kind) => {
    for (const name of Object.keys(of(kind))) {
      const rest: Partial<ServingBundle> = of(kind);
      delete (rest as Record<string, unknown>)[name];
      expect(await verifyBundle({ bundle: rest, trust, stage: of(kind).stage }), name).toMatchObject({ ok: false });
    }
    expect(await problemOf({ ...of(kind), more: true })).toMatch(/none of its own/);
    for (const name of ['requests', 'decisions'] as const) {
      const list = of(kind)[name];
      for (let i = 0; i < list.length; i++)
        expect(await problemOf({ ...of(kind), [name]: list.toSpliced(i, 1) }), `${name} without ${i}`).not.toBe('it verifies');
      if (list[0]) expect(await problemOf({ ...of(kind), [name]: [...list, list[0]] })).toMatch(/twice|requests make it/);
    }
    const files = [...of(kind).manifest.files].reverse();
    expect(await problemOf({ ...of(kind), manifest: { files } })).toMatch(/artifactDigest/);
  });

  it('is refused for another model, another stage, and where it is none at all', async () => {
    expect(await verifyBundle({ bundle: of('promotion'), trust, model: 'another' })).toMatchObject({
      problem: expect.stringMatching(/^model/) as string,
    });
    expect(await verifyBundle({ bundle: of('staging'), trust })).toMatchObject({
      problem: expect.stringMatching(/^stage/) as string,
    });
    for (const none of [null, undefined, 7, '', '{', '[]', [], 'null', '{"__proto__":{}}'])
      expect(await verifyBundle({ bundle: none, trust })).toMatchObject({ ok: false });
  });

  it('of a promotion is none of a rollback, nor the other way round', async () => {
    const rollback = of('rollback');
    expect(await problemOf({ ...rollback, rollback: null })).toMatch(/change\.kind/);
    expect(await problemOf({ ...of('promotion'), rollback: rollback.rollback })).toMatch(/change\.kind/);
    const other = await world.sign('rollback', PEOPLE.devops, {
      model: MODEL,
      from_version: '1.2.0',
      to_version: '1.4.0',
      reason: 'it misses too many patients',
    });
    expect(await problemOf({ ...rollback, rollback: other })).toMatch(/the rollback: to_version/);
    const without = await world.sign('rollback', PEOPLE.business, {
      model: MODEL,
      from_version: '1.4.0',
      to_version: '1.2.0',
      reason: 'it misses too many patients',
    });
    expect(await problemOf({ ...rollback, rollback: without })).toMatch(/no right to a rollback/);
  });
});

describe('whom the verifier trusts', () => {
  const change = (email: string, more: object): Trust => ({
    ...trust,
    people: trust.people.map((person) => (person.email === email ? { ...person, ...more } : person)),
  });

  it.each([
    ['a key of the orchestrator', () => ({ publicKey: stranger.publicJwk, kid: stranger.kid }), /nobody's who is trusted/],
    ['another key under the same name', () => ({ publicKey: stranger.publicJwk }), /is not signed by/],
    ['a revoked key', () => ({ revokedAt: '2026-01-01T00:00:00.000Z' }), /was revoked/],
    ['another group', () => ({ groups: ['business'] }), /is not in group security/],
    ['another printed name', () => ({ name: 'Sara S.' }), /printed_name/],
    ['another address', () => ({ email: 'sara@elsewhere.example' }), /person is signed as/],
  ] as const)('an approval by %s counts for nothing', async (_, more, problem) => {
    expect(await problemOf(of('promotion'), change(PEOPLE.security, more()))).toMatch(problem);
  });

  it('who registered and asked is known by a key that was revoked since, and counted for nothing else', async () => {
    expect(await problemOf(of('promotion'), change(REQUESTER, { revokedAt: '2026-01-01T00:00:00.000Z' }))).toBe('it verifies');
    expect(await problemOf(of('promotion'), change(REQUESTER, { kid: stranger.kid }))).toMatch(/registration: key/);
  });

  it('is another installation, another environment, or production, where demo keys count for nothing', async () => {
    expect(await problemOf(of('promotion'), { ...trust, installation: 'another' })).toMatch(/^installation/);
    expect(await problemOf(of('promotion'), { ...trust, environment: 'production' })).toMatch(/^environment/);
    const inProduction = { ...of('promotion'), environment: 'production' };
    expect(await problemOf(inProduction, { ...trust, environment: 'production' })).toMatch(/environment is signed as|demo key/);
  });

  it.each([
    ['no people', { people: [] }],
    [
      'one person twice',
      {
        get people() {
          return [...trust.people, { ...trust.people[0], kid: 'k' }];
        },
      },
    ],
    [
      'one key twice',
      {
        get people() {
          return [...trust.people, { ...trust.people[0], email: 'again@duetmind.example' }];
        },
      },
    ],
    [
      'a person without groups',
      {
        get people() {
          return [{ ...trust.people[0], groups: undefined }];
        },
      },
    ],
    ['no installation', { installation: '' }],
  ] as const)('is nobody where the file has %s', async (_, more) => {
    expect(await problemOf(of('promotion'), { ...trust, ...more } as unknown as Trust)).toMatch(/^the trust file/);
  });
});

/** An installation of the test's own, whose four people would sign anything. */
describe('what four people have not signed together', () => {
  it.each([
    ['promotion', 'another/1.2.0/1'],
    ['round', 2],
    ['model', 'another'],
    ['version', '1.2.1'],
    ['from_stage', 'validating'],
    ['to_stage', 'archived'],
    ['artifact_digest', '0'.repeat(64)],
    ['feature_hash', '0'.repeat(64)],
    ['evidence_digest', '0'.repeat(64)],
    ['policy_digest', '0'.repeat(64)],
    ['installation', 'another'],
    ['environment', 'production'],
    ['decision', 'reject'],
    ['decision', 'retract'],
    ['meaning', 'I was told to'],
    ['gate', 'devops'],
    ['person', PEOPLE.devops],
    ['printed_name', 'Olga Devops'],
  ] as const)('an approval that says another %s: %s', async (field, value) => {
    const bundle = await resigned('security', { [field]: value });
    expect(await problemOf(bundle)).toMatch(
      value === 'devops' ? /approval at devops: meaning/ : new RegExp(`${field} is signed as`),
    );
  });

  it('a registrar or requester among those who approved', async () => {
    const { model, version, artifactDigest } = of('promotion');
    const registration = await world.sign('register', PEOPLE.security, { model, version, artifact_digest: artifactDigest });
    expect(await problemOf({ ...of('promotion'), registration })).toMatch(/self-approval: sara/);
    const request = await world.sign('request', PEOPLE.business, {
      model,
      version,
      from_stage: 'registered',
      to_stage: 'staging',
    });
    expect(await problemOf({ ...of('promotion'), requests: [request] })).toMatch(/self-approval: bea/);
  });

  it('one person at two gates, and a policy that would let it pass', async () => {
    const policy = JSON.parse(of('promotion').policy ?? '') as { gates: Record<string, JsonValue> };
    for (const gate of GATES) policy.gates[gate] = { ...(policy.gates[gate] as object), group: 'devops', quorum: 0 };
    const text = canonicalJson(policy);
    expect(await problemOf({ ...of('promotion'), policy: text })).toMatch(/policy is not the one/);
    const digest = sha256(text);
    const gates = Object.fromEntries(GATES.map((gate) => [gate, { group: 'devops', quorum: 0 }]));
    const change = { ...of('promotion').change, policyDigest: digest };
    expect(await problemOf({ ...of('promotion'), policy: text, change, gates, decisions: [] })).toMatch(/says nothing of gate/);
    for (const gate of GATES) policy.gates[gate] = { ...(policy.gates[gate] as object), group: 'devops', quorum: 1 };
    const lax = canonicalJson(policy);
    const one = Object.fromEntries(GATES.map((gate) => [gate, { group: 'devops', quorum: 1 }]));
    const decisions = await Promise.all(
      of('promotion').decisions.map((jws) => {
        const olga = { person: PEOPLE.devops, printed_name: 'Olga Devops', policy_digest: sha256(lax) };
        return world.sign('decision', PEOPLE.devops, payloadOf(jws), olga);
      }),
    );
    const bundle = { ...of('promotion'), policy: lax, change: { ...change, policyDigest: sha256(lax) }, gates: one, decisions };
    expect(await problemOf(bundle)).toMatch(/olga.* approved twice/);
  });

  it('signatures of keys that the orchestrator made, in every place', async () => {
    const forge = (jws: string): Promise<string> => signEnvelope(payloadOf(jws), stranger);
    const { decisions, registration, requests } = of('promotion');
    for (const [name, forged] of [
      ['decisions', await Promise.all(decisions.map(forge))],
      ['registration', await forge(registration)],
      ['requests', await Promise.all(requests.map(forge))],
    ] as const)
      expect(await problemOf({ ...of('promotion'), [name]: forged })).toMatch(new RegExp(`^${name}: key .* nobody's`));
    const rollback = await forge(of('rollback').rollback ?? '');
    expect(await problemOf({ ...of('rollback'), rollback })).toMatch(/^rollback: key .* nobody's/);
  });
});

let stranger: SigningKey;
beforeAll(async () => {
  stranger = await generateKey();
});

function payloadOf(jws: string) {
  const opened = openEnvelope(jws);
  if (!opened.ok) throw new Error(opened.refusal.what);
  return opened.envelope.payload;
}

/** The bundle with the approval of a gate signed anew by the same person, with fields changed. */
async function resigned(gate: string, change: Record<string, string | number>): Promise<ServingBundle> {
  const bundle = of('promotion');
  const decisions = await Promise.all(
    bundle.decisions.map(async (jws) => {
      const payload = payloadOf(jws);
      return payload['gate'] === gate ? world.sign('decision', String(payload['person']), payload, change) : jws;
    }),
  );
  return { ...bundle, decisions };
}
