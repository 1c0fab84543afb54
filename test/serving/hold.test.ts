import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { heldBy, readTrustFile } from '../../client/verify.js';
import { signEnvelope } from '../../platform/envelope.js';
import { ACTS } from '../../domain/acts.js';
import type { Trust } from '../../domain/trust.js';
import { generateKey, type SigningKey } from '../../platform/keys.js';
import { holdSpool } from '../../platform/serving/hold-spool.js';

const AT = '2026-09-07T08:00:00.000Z';
const at = (seconds: number): string => new Date(Date.parse(AT) + seconds * 1000).toISOString();
const MODEL = 'm';

let keys: Record<string, SigningKey>;
let trust: Trust;
let dir: string;
beforeAll(async () => {
  keys = { olga: await generateKey(), bea: await generateKey(), eve: await generateKey() };
  const person = (name: string, group: string, more: object = {}) => ({
    email: `${name}@here.example`,
    name,
    groups: [group],
    kid: keys[name]?.kid ?? '',
    publicKey: { ...keys[name]?.publicJwk },
    assurance: 'enrolled',
    revokedAt: null,
    ...more,
  });
  trust = { installation: 'here', environment: 'production', people: [person('olga', 'devops'), person('bea', 'business')] };
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-holds-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function signed(change: Record<string, string> = {}, by = 'olga'): Promise<string> {
  const payload = {
    typ: ACTS.hold.typ,
    installation: 'here',
    environment: 'production',
    person: `${by}@here.example`,
    printed_name: by,
    nonce: crypto.randomUUID(),
    issued: AT,
    expires: at(60),
    model: MODEL,
    hold: 'on',
    reason: 'it misses too many patients',
    ...change,
  };
  return await signEnvelope(payload, keys[by] as SigningKey);
}

const put = async (change: Record<string, string> = {}, by = 'olga') =>
  holdSpool(dir).put(change['model'] ?? MODEL, await signed(change, by));

describe('a file of people', () => {
  it('that is not there is said in words', () => {
    expect(() => readTrustFile(join(dir, 'none.json'))).toThrow(/^there is no file .*none\.json$/);
    expect(() => readTrustFile(dir)).toThrow(/cannot be read \(EISDIR\)$/);
  });
});

describe('a hold in the serving directory', () => {
  it('holds its model and no other, from a directory that was not there', async () => {
    expect(await heldBy(dir, MODEL, trust)).toBeUndefined();
    await put();
    expect(await heldBy(dir, MODEL, trust)).toEqual({
      model: MODEL,
      since: AT,
      by: 'olga@here.example',
      reason: 'it misses too many patients',
    });
    expect(await heldBy(dir, 'other', trust)).toBeUndefined();
  });

  it('of all models holds each, and is lifted by a lift of all', async () => {
    await put({ model: '' });
    expect(await heldBy(dir, 'any', trust)).toMatchObject({ model: null });
    await put({ model: 'any', hold: 'off', issued: at(1) });
    expect(await heldBy(dir, 'any', trust)).toMatchObject({ model: null });
    await put({ model: '', hold: 'off', issued: at(2) });
    expect(await heldBy(dir, 'any', trust)).toBeUndefined();
  });

  it('is ended by what was signed later, in whatever order it was put there; at one moment it stays', async () => {
    await put({ hold: 'off', issued: at(1) });
    await put();
    expect(await heldBy(dir, MODEL, trust)).toBeUndefined();
    await put({ issued: at(1) });
    expect(await heldBy(dir, MODEL, trust)).toMatchObject({ since: at(1) });
    await put({ hold: 'off', issued: at(2) });
    expect(await heldBy(dir, MODEL, trust)).toBeUndefined();
  });

  it('counts however late it is looked at', async () => {
    await put({ issued: '2020-01-01T00:00:00.000Z', expires: '2020-01-01T00:00:01.000Z' });
    expect(await heldBy(dir, MODEL, trust)).toBeDefined();
  });

  it.each([
    ['a key of nobody', {}, 'eve'],
    ['somebody without the right', {}, 'bea'],
    ['somebody for another installation', { installation: 'there' }, 'olga'],
    ['somebody for another environment', { environment: 'development' }, 'olga'],
    ['somebody under another name', { printed_name: 'Olga' }, 'olga'],
    ['somebody as another person', { person: 'bea@here.example' }, 'olga'],
  ])('signed by %s neither holds nor lifts', async (_, change, by) => {
    await put(change, by);
    expect(await heldBy(dir, MODEL, trust)).toBeUndefined();
    await put();
    await put({ ...change, hold: 'off', issued: at(9) }, by);
    expect(await heldBy(dir, MODEL, trust)).toBeDefined();
  });

  it('in another model’s folder is still about its own', async () => {
    await holdSpool(dir).put(MODEL, await signed({ model: 'other' }));
    expect(await heldBy(dir, MODEL, trust)).toBeUndefined();
  });

  it('of a person whose key was revoked later stands, and of one revoked before does not', async () => {
    await put();
    const revoked = (revokedAt: string): Trust => ({
      ...trust,
      people: trust.people.map((person) => ({ ...person, revokedAt })),
    });
    expect(await heldBy(dir, MODEL, revoked(at(1)))).toBeDefined();
    expect(await heldBy(dir, MODEL, revoked(at(-1)))).toBeUndefined();
    expect(await heldBy(dir, MODEL, { ...trust, rights: { hold: ['business'] } })).toBeUndefined();
  });

  it('is kept once, as a whole, and nothing else in the directory is taken for one', async () => {
    const envelope = await signed();
    const path = await holdSpool(dir).put(MODEL, envelope);
    expect(await holdSpool(dir).put(MODEL, envelope)).toBe(path);
    const folder = join(dir, 'holds', MODEL);
    expect(readdirSync(folder)).toHaveLength(1);
    writeFileSync(join(folder, 'torn.jws'), envelope.slice(0, -20));
    writeFileSync(join(folder, 'empty.jws'), '');
    writeFileSync(join(folder, 'large.jws'), 'a'.repeat(70_000));
    writeFileSync(join(folder, 'note.txt'), envelope);
    mkdirSync(join(folder, 'folder.jws'));
    symlinkSync('/dev/zero', join(folder, 'link.jws'));
    expect(await holdSpool(dir).list(MODEL)).toEqual(expect.arrayContaining([envelope]) as string[]);
    expect(await holdSpool(dir).list('other')).toEqual([]);
    expect(await heldBy(dir, MODEL, trust)).toBeDefined();
  });

  it('that nobody can read is an error, to be taken for a hold; so is trust that is none', async () => {
    writeFileSync(join(dir, 'holds'), 'no directory');
    await expect(heldBy(dir, MODEL, trust)).rejects.toThrow('ENOTDIR');
    await expect(heldBy(dir, MODEL, { ...trust, people: [] })).rejects.toThrow('it has no people');
  });
});
