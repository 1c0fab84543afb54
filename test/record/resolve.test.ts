import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advanceClock } from '../../platform/clock.js';
import { generateKey } from '../../platform/keys.js';
import { signEnvelope, openEnvelope } from '../../platform/envelope.js';
import { applicant, enrolled } from '../support/people.js';
import { PEOPLE } from '../support/promotion.js';
import { bundleOf, promoted } from '../support/served.js';
import { staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await promoted(world, '1.2.0');
  await promoted(world, '1.4.0');
  await world.act('rollback', PEOPLE.devops, { model: MODEL, from_version: '1.4.0', to_version: '1.2.0', reason: REASON });
  await staged(world, '1.5.0');
}, 120_000);
afterAll(() => world?.close());

const REASON = 'it misses too many patients';
const resolve = (stage = 'production') => world.act('resolve', PEOPLE.mlops, { model: MODEL, stage, version: '' });

/** Resolves with an edit of the record by its owner, triggers off; the edit is undone. */
async function after(tables: readonly string[], edit: string, undo: string, stage?: string) {
  const each = async (how: string) => {
    for (const table of tables) await world.db.owner.query(`ALTER TABLE ${table} ${how} TRIGGER USER`);
  };
  await each('DISABLE');
  try {
    await world.db.owner.query(edit);
    return await resolve(stage);
  } finally {
    await world.db.owner.query(undo);
    await each('ENABLE');
  }
}

const doesNotVerify = (given: RegExp) => ({
  accepted: false,
  refusal: {
    kind: 'identity',
    what: expect.stringMatching(/does not verify/) as string,
    given: expect.stringMatching(given) as string,
  },
});

describe('resolve verifies again itself', () => {
  it('answers what was rolled back to, and what is staged, when everything holds', async () => {
    const answer = await resolve();
    expect(answer).toMatchObject({
      accepted: true,
      result: { version: '1.2.0', change: expect.stringMatching(/^rollback\//) as string },
    });
    expect(answer.result['decisions']).toHaveLength(4);
    expect(await resolve('staging')).toMatchObject({ accepted: true, result: { version: '1.5.0', change: null, decisions: [] } });
  });

  it('an approval whose author’s key was revoked after the change had counted', async () => {
    const person = `UPDATE person SET revoked_at`;
    const who = `WHERE email = '${PEOPLE.security}'`;
    expect(await after(['person'], `${person} = gatehouse_now() ${who}`, `${person} = NULL ${who}`)).toMatchObject({
      accepted: true,
    });
    const early = await after(['person'], `${person} = '2020-01-01' ${who}`, `${person} = NULL ${who}`);
    expect(early).toMatchObject(doesNotVerify(/sara.* was revoked/));
  });

  it('a version that a row alone put into production is not handed out', async () => {
    const at = (version: string, status: string) =>
      `UPDATE model_version_detail SET status = '${status}' WHERE version = '${version}'`;
    const edited = await after(
      ['model_version_detail'],
      `${at('1.2.0', 'archived')}; ${at('1.5.0', 'production')}`,
      `${at('1.5.0', 'staging')}; ${at('1.2.0', 'production')}`,
    );
    expect(edited).toMatchObject(doesNotVerify(/no production change/));
  });

  it.each([
    ['another artifact digest', `artifact_digest = repeat('a', 64)`, /manifest|artifact/],
    [
      'the artifact of another version',
      `artifact_digest = (SELECT artifact_digest FROM model_version_detail WHERE version = '1.5.0')`,
      /artifact_digest is signed as/,
    ],
  ])('%s is not', async (_, change, given) => {
    const before = await world.db.reader.query<{ artifact_digest: string }>(
      `SELECT artifact_digest FROM model_version_detail WHERE version = '1.2.0'`,
    );
    const undo = `UPDATE model_version_detail SET artifact_digest = '${before.rows[0]?.artifact_digest ?? ''}' WHERE version = '1.2.0'`;
    const edited = await after(
      ['model_version_detail'],
      `UPDATE model_version_detail SET ${change} WHERE version = '1.2.0'`,
      undo,
    );
    expect(edited).toMatchObject(doesNotVerify(given));
  });

  it('approvals that a stolen login of the worker invented are found', async () => {
    const stranger = await generateKey();
    const { rows } = await world.db.reader.query<{ hash: string; jws: string }>(
      `SELECT hash, jws FROM envelope WHERE act = 'decision' AND person = '${PEOPLE.security}' AND subject LIKE '%/1.2.0/1'`,
    );
    const [row] = rows;
    const opened = openEnvelope(row?.jws ?? '');
    if (!row || !opened.ok) throw new Error('no decision to forge');
    const forged = await signEnvelope(opened.envelope.payload, stranger);
    const set = (jws: string) => `UPDATE envelope SET jws = '${jws}' WHERE hash = '${row.hash}'`;
    expect(await after(['envelope'], set(forged), set(row.jws))).toMatchObject(doesNotVerify(/decisions: key .* nobody's/));
  });

  it.each([
    ['evidence', 'evidenceDigest'],
    ['policy', 'policyDigest'],
    ['features', 'featureHash'],
  ])('another %s in the record of the change is found', async (_, field) => {
    const { rows } = await world.db.reader.query<{ record: string }>(
      `SELECT record FROM production_change WHERE to_version = '1.2.0' AND kind = 'promotion'`,
    );
    const record = rows[0]?.record ?? '';
    const other = JSON.stringify({ ...(JSON.parse(record) as object), [field]: '0'.repeat(64) });
    const set = (to: string) =>
      `UPDATE production_change SET record = $t$${to}$t$ WHERE to_version = '1.2.0' AND kind = 'promotion'`;
    expect(await after(['production_change'], set(other), set(record))).toMatchObject(doesNotVerify(/digest|hash|policy/i));
  });

  it('a file that was swapped in the store is named, and production is not answered with it', async () => {
    const { manifest } = await bundleOf(world, '1.2.0');
    const file = manifest.files.find(({ path }) => path === 'model.onnx');
    const path = world.deps.store.pathOf(file?.sha256 ?? '');
    const before = readFileSync(path);
    const { mode } = statSync(path);
    chmodSync(path, 0o644);
    try {
      writeFileSync(
        path,
        before.map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
      );
      expect(await resolve()).toMatchObject(doesNotVerify(/model\.onnx does not have its SHA-256/));
      expect(await resolve('staging')).toMatchObject({ accepted: true });
    } finally {
      writeFileSync(path, before);
      chmodSync(path, mode);
    }
    expect(await resolve()).toMatchObject({ accepted: true });
  });

  it('records what it refuses, and does not while the model is held', async () => {
    const { rows } = await world.db.reader.query<{ n: number }>(
      `SELECT count(*) AS n FROM audit_event WHERE action = 'act.refused' AND body LIKE '%does not verify%'`,
    );
    expect(rows[0]?.n).toBeGreaterThanOrEqual(8);
    await advanceClock(world.db.ownerUrl, 1_000);
    const hold = (on: string) => world.act('hold', PEOPLE.devops, { model: MODEL, hold: on, reason: REASON });
    expect(await hold('on')).toMatchObject({ accepted: true });
    expect(await resolve()).toMatchObject({ refusal: { kind: 'rule', what: `${MODEL} is held` } });
    expect(await resolve('staging')).toMatchObject({ accepted: true });
    expect(await hold('off')).toMatchObject({ accepted: true });
    expect(await resolve()).toMatchObject({ accepted: true });
  });

  it('is answered also when somebody who approved it has another key and name by now', async () => {
    const renamed = await applicant(PEOPLE.devops, 'Olga Other');
    expect(await enrolled(world, renamed, 'devops')).toMatchObject({ accepted: true, result: { state: 'changed' } });
    expect(await resolve()).toMatchObject({ accepted: true, result: { version: '1.2.0' } });
  });
});
