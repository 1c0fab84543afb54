import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEnvelope } from '../../activities/registry/apply.js';
import { refusalLine } from '../../domain/refusal.js';
import { staged } from '../support/staged.js';
import { first, makeWorld, members, type World } from '../support/world.js';

let world: World;
let id: string;
let good: string;
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
  good = await world.signDecision(id, await first(world.db, 'security'), 'security');
});
afterAll(() => world.close());

async function state(): Promise<{ decisions: number; refused: number; events: number }> {
  const { rows } = await world.db.reader.query<{ decisions: number; refused: number; events: number }>(
    `SELECT (SELECT count(*) FROM decision) AS decisions, (SELECT count(*) FROM audit_event WHERE action = 'act.refused') AS refused,
            (SELECT count(*) FROM audit_event WHERE action <> 'act.refused') AS events`,
  );
  return rows[0] as { decisions: number; refused: number; events: number };
}

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const parts = (): string[] => good.split('.');
const withHeader = (header: object): string => [encode(JSON.stringify(header)), ...parts().slice(1)].join('.');
const kid = (): string => (JSON.parse(Buffer.from(parts()[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
const hmac = (): string => {
  const text = `${encode(JSON.stringify({ alg: 'HS256', kid: kid() }))}.${parts()[1]}`;
  return `${text}.${Buffer.concat([createHmac('sha256', kid()).update(text).digest(), Buffer.alloc(32)]).toString('base64url')}`;
};

describe('an envelope that proves nothing is refused on the record, and changes nothing else', () => {
  it.each<[string, () => string, RegExp]>([
    ['S2 no signature', () => `${parts()[0]}.${parts()[1]}.`, /^4: signature is missing/],
    ['S2 nothing', () => '', /^4: envelope is no compact JWS/],
    ['S2 not base64url', () => `${parts()[0]}.${parts()[1]}.+/==`, /^4: envelope is no compact JWS/],
    ['S2 two parts', () => parts().slice(0, 2).join('.'), /^4: envelope is no compact JWS/],
    [
      'S3 alg none',
      () => withHeader({ alg: 'none', kid: kid() }),
      /^4: header alg is not allowed; given: "none"; allowed: EdDSA/,
    ],
    ['S3 HS256 keyed with the public key', hmac, /^4: header alg is not allowed; given: "HS256"; allowed: EdDSA/],
    ['S4 an unknown kid', () => withHeader({ alg: 'EdDSA', kid: 'A'.repeat(43) }), /^4: signature; given: key A/],
    ['S4 a kid that is a path', () => withHeader({ alg: 'EdDSA', kid: '../../etc/passwd' }), /^4: header kid is not of its form/],
    ['S4 a kid that is SQL', () => withHeader({ alg: 'EdDSA', kid: `' OR 1=1 --` }), /^4: header kid is not of its form/],
    ['S5 a jwk of its own', () => withHeader({ alg: 'EdDSA', kid: kid(), jwk: {} }), /^4: header "jwk" is not allowed/],
    ['S5 a jku', () => withHeader({ alg: 'EdDSA', kid: kid(), jku: 'https://x' }), /^4: header "jku" is not allowed/],
    ['S5 crit', () => withHeader({ alg: 'EdDSA', kid: kid(), crit: ['exp'] }), /^4: header "crit" is not allowed/],
    ['S5 b64 false', () => withHeader({ alg: 'EdDSA', kid: kid(), b64: false }), /^4: header "b64" is not allowed/],
    ['S12 65 KiB', () => `${good}${'A'.repeat(65_536)}`, /^2: envelope is too large/],
    [
      'S12 5,000 deep',
      () => [parts()[0], encode(`${'['.repeat(5_000)}${']'.repeat(5_000)}`), parts()[2]].join('.'),
      /^2: payload is nested too deep/,
    ],
  ])('%s', async (_, make, line) => {
    const before = await state();
    const answer = await applyEnvelope(world.deps, make());
    expect(answer.refusal && refusalLine(answer.refusal)).toMatch(line);
    expect(await state()).toEqual({ ...before, refused: before.refused + 1 });
  });

  it('S7 a valid signature at the gate of another group', async () => {
    const before = await state();
    const answer = await applyEnvelope(world.deps, await world.signDecision(id, await first(world.db, 'business'), 'security'));
    expect(answer.refusal).toMatchObject({ kind: 'identity', allowed: 'security' });
    expect((await state()).decisions).toBe(before.decisions);
  });
});

describe('what is decided already (S8, S10)', () => {
  it('the same envelope again answers the same, in one row', async () => {
    const once = await applyEnvelope(world.deps, good);
    expect(once).toMatchObject({ accepted: true });
    expect(await applyEnvelope(world.deps, good)).toEqual(once);
    expect((await state()).decisions).toBe(1);
  });

  it('who approved has to retract before rejecting; who rejects ends the attempt; nothing is decided after that', async () => {
    const security = await members(world.db, 'security');
    const at = async (person: string, decision: 'approve' | 'reject' | 'retract') =>
      await applyEnvelope(world.deps, await world.signDecision(id, person, 'security', decision));
    const twice = await at(security[0] ?? '', 'reject');
    expect(twice.refusal).toMatchObject({ kind: 'conflict', allowed: 'retract first' });
    expect(await at(security[0] ?? '', 'retract')).toMatchObject({ accepted: true });
    const late = await world.signDecision(id, security[0] ?? '', 'security');
    expect(await at(security[1] ?? '', 'reject')).toMatchObject({ accepted: true });
    expect((await applyEnvelope(world.deps, late)).refusal).toMatchObject({ kind: 'conflict', allowed: 'staging' });
  });
});
