import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEnvelope } from '../../activities/registry/apply.js';
import { ACTS, type ActPayload, type ActType } from '../../domain/acts.js';
import { GATES, type Gate } from '../../domain/policy.js';
import type { Refusal } from '../../domain/refusal.js';
import { fillStages, VERSION_IN } from '../support/all-stages.js';
import { newcomer } from '../support/newcomer.js';
import { applicant } from '../support/people.js';
import { rehearse } from '../support/rehearse.js';
import { otherRights, RIGHTS_ROWS, type RightsRow } from '../support/rights-table.js';
import { EXAMPLE, MODEL, root } from '../support/stack.js';
import { drive } from '../support/staged.js';
import { AT, makeWorld, type World } from '../support/world.js';

/** One person of each group; `nobody` is a group that no policy names. */
const PERSON = {
  admin: `alice.admin${AT}`,
  mlops: `marco.mlops${AT}`,
  'ds-team': `dimitri.datascience${AT}`,
  devops: `omar.devops${AT}`,
  business: `boris.business${AT}`,
  security: `simon.security${AT}`,
  nobody: `nora.nobody${AT}`,
} as const;
type Group = keyof typeof PERSON;
const GROUPS = Object.keys(PERSON) as Group[];
/** The acts whose right no table says, each in a matrix of its own below: of gates, of stages, and of everybody's own key. */
const SAID_ELSEWHERE: readonly ActType[] = ['decision', 'resolve', 'rotate'];
const STAGING = `${MODEL}/${VERSION_IN.staging}/1`;

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await newcomer(world, PERSON.nobody, 'nobody');
  await fillStages(world);
});
afterAll(() => world.close());

/** What becomes of envelopes that are received one after the other: the refusal of the last, or null. */
async function received(...envelopes: readonly string[]): Promise<Refusal | null> {
  return await rehearse(world, async (deps) => {
    let refusal: Refusal | null = null;
    for (const envelope of envelopes) ({ refusal } = await applyEnvelope(deps, envelope));
    return refusal;
  });
}

function everyAct(table: 'first' | 'other') {
  const cells = RIGHTS_ROWS.flatMap((row) => GROUPS.map((group) => ({ row, group, said: row.said ?? row.act })));
  it.each(cells)('$said by $group', async ({ row, group }) => {
    const first =
      row.after === undefined ? [] : [await world.sign(row.after, personWith(row.after, table), await row.fields(world))];
    const refusal = await received(...first, await world.sign(row.act, PERSON[group], await row.fields(world)));
    const allowed = row[table];
    if (!allowed.includes(group)) {
      const given = `${PERSON[group]} is in ${group}`;
      expect(refusal).toMatchObject({
        kind: 'identity',
        what: `right to ${row.act}`,
        given,
        allowed: `groups ${allowed.join(', ')}`,
      });
      return;
    }
    const rule = row.rule?.[group];
    if (rule) expect(refusal).toMatchObject({ kind: 'rule', what: expect.stringMatching(rule) as string });
    else expect(refusal).toBeNull();
  });
}

function personWith(act: ActType, table: 'first' | 'other'): string {
  const [group] = RIGHTS_ROWS.find((row: RightsRow) => row.act === act)?.[table] ?? [];
  return PERSON[group as Group];
}

function everyGate(groupOf: Readonly<Record<Gate, Group>>) {
  it.each(GATES.flatMap((gate) => GROUPS.map((group) => ({ gate, group }))))('gate $gate by $group', async ({ gate, group }) => {
    const refusal = await received(await world.signDecision(STAGING, PERSON[group], gate, 'reject'));
    if (group === groupOf[gate]) expect(refusal).toBeNull();
    // Whoever asked for the promotion decides no gate in any case.
    else if (group === 'mlops')
      expect(refusal).toMatchObject({ kind: 'rule', what: expect.stringContaining('self-approval') as string });
    else expect(refusal).toMatchObject({ kind: 'identity', allowed: groupOf[gate] });
  });
}

function everyStage(open: Readonly<Record<'staging' | 'production', readonly string[]>>) {
  const cells = (['staging', 'production'] as const).flatMap((stage) => GROUPS.map((group) => ({ stage, group })));
  it.each(cells)('load from $stage by $group', async ({ stage, group }) => {
    const refusal = await received(await world.sign('resolve', PERSON[group], { model: MODEL, version: '', stage }));
    if (open[stage].includes(group)) expect(refusal).toBeNull();
    else expect(refusal).toMatchObject({ kind: 'identity', allowed: open[stage].join(', ') });
  });
}

function everybodysOwnKey() {
  it.each(GROUPS)('a new key of their own by %s', async (group) => {
    const { rows } = await world.db.reader.query<{ name: string }>('SELECT printed_name AS name FROM person WHERE email = $1', [
      PERSON[group],
    ]);
    const { key, request } = await applicant(PERSON[group], rows[0]?.name ?? '');
    expect(await received(await world.sign('rotate', PERSON[group], { key: key.kid, request }))).toBeNull();
  });
}

describe('who may do what: every act by somebody of every group', () => {
  it('every act of the table of acts is in a matrix', () => {
    expect(new Set([...RIGHTS_ROWS.map(({ act }) => act), ...SAID_ELSEWHERE])).toEqual(new Set(Object.keys(ACTS)));
    for (const { act, right = act } of RIGHTS_ROWS) expect(ACTS[act].right).toBe(right);
  });

  describe('under the policies as they are shipped', () => {
    everyAct('first');
    everyGate({ 'data-science': 'ds-team', devops: 'devops', business: 'business', security: 'security' });
    everyStage({ staging: ['ds-team', 'mlops'], production: ['serving', 'mlops'] });
    everybodysOwnKey();
  });

  describe('under other tables: one of the defaults, another of the model, a third that the attempt has pinned', () => {
    beforeAll(async () => {
      const defaults = readFileSync(join(root, 'policies', '_defaults.yaml'), 'utf8');
      const own = readFileSync(join(EXAMPLE, 'policy.yaml'), 'utf8');
      const gates = Object.entries(OTHER_GATES).map(
        ([gate, group]) => `  ${gate}: { asks: it is sound, group: ${group}, quorum: 1 }`,
      );
      const pinned = `${own}\ngates:\n${gates.join('\n')}\naccess: { staging: [business], production: [security] }\n`;
      await register(PERSON.admin, MODEL, `${pinned}${otherRights('attempt')}`);
      const { rows } = await world.db.reader.query<{ digest: string }>('SELECT digest FROM policy ORDER BY seq DESC LIMIT 1');
      const reason = 'the table of rights is another one';
      const at = { model: MODEL, version: VERSION_IN.staging, promotion: STAGING, reason };
      await done('repin', PERSON.mlops, { ...at, policy_digest: rows[0]?.digest ?? '' });
      await drive(world, STAGING);
      await register(PERSON.admin, '_defaults', defaults.replace(/^rights:\n(?: {2}.*\n)+/m, otherRights('defaults')));
      await register(PERSON.mlops, MODEL, `${own}\n${otherRights('model')}`);
    });

    const OTHER_GATES = { 'data-science': 'devops', devops: 'business', business: 'security', security: 'ds-team' } as const;
    everyAct('other');
    everyGate(OTHER_GATES);
    // What is in production has pinned the policy it got there by.
    everyStage({ staging: ['business'], production: ['serving', 'mlops'] });
  });
});

async function register(by: string, model: string, text: string): Promise<void> {
  const { digest } = await world.deps.store.putBytes(text);
  await done('policy', by, { model, file: digest });
}

async function done(act: ActType, by: string, fields: ActPayload): Promise<void> {
  const { refusal } = await world.act(act, by, fields);
  if (refusal) throw new Error(JSON.stringify(refusal));
}
