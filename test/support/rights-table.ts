import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActPayload, ActType } from '../../domain/acts.js';
import { glassFields } from '../../domain/break-glass-act.js';
import { RIGHTS, type Right } from '../../domain/rights.js';
import { loadAttempt } from '../../platform/attempt.js';
import { VERSION_IN } from './all-stages.js';
import { statedNow } from './checkpoint.js';
import { applicant, enrolling } from './people.js';
import { PEOPLE } from './promotion.js';
import { EXAMPLE, MODEL, root } from './stack.js';
import type { World } from './world.js';

/** Whose policy judges an act: the one its attempt has pinned, the model's newest, or the newest defaults. */
export type Judge = 'attempt' | 'model' | 'defaults';

/** One act: who has the right to it, written out and not read from the code. */
export interface RightsRow {
  readonly act: ActType;
  readonly said?: string;
  /** The right of the policy's table, where it has another name than the act. */
  readonly right?: Right;
  readonly judge: Judge;
  /** The groups that have it by policies/_defaults.yaml. */
  readonly first: readonly string[];
  /** The groups that have it where the policy that judges it says so, and no other policy does. */
  readonly other: readonly string[];
  readonly fields: (world: World) => ActPayload | Promise<ActPayload>;
  /** An act that has to be done before, by the first of the groups that have the right to it. */
  readonly after?: ActType;
  /** Why somebody with the right is refused all the same, by group; whoever is not named is not. */
  readonly rule?: { readonly [group: string]: RegExp };
}

const reason = 'to see who has the right to it';
const stored = async ({ deps }: World, text: string) => (await deps.store.putBytes(text)).digest;
const read = (path: string) => readFileSync(path, 'utf8');
const onStaging = {
  model: MODEL,
  version: VERSION_IN.staging,
  promotion: `${MODEL}/${VERSION_IN.staging}/1`,
  reason,
};
const notReady = /^not ready, missing: soak minimum/;
const notRequester = /^an attempt is withdrawn by whoever asked for it$/;

/** Every act whose right is said by the table of a policy. */
export const RIGHTS_ROWS: readonly RightsRow[] = [
  {
    act: 'policy',
    said: 'policy of all',
    judge: 'defaults',
    first: ['admin'],
    other: ['mlops'],
    fields: async (world) => {
      const file = read(join(root, 'policies', '_defaults.yaml')).replace('retries: 3', 'retries: 4');
      return { model: '_defaults', file: await stored(world, file) };
    },
  },
  {
    act: 'policy',
    said: 'policy of a model',
    judge: 'model',
    first: ['admin'],
    other: ['ds-team'],
    fields: async (world) => {
      const file = `${read(join(EXAMPLE, 'policy.yaml'))}\nchecks: { retries: 4 }\n`;
      return { model: MODEL, file: await stored(world, file) };
    },
  },
  {
    act: 'feature-view',
    judge: 'defaults',
    first: ['admin', 'mlops'],
    other: ['security'],
    fields: async (world) => {
      const file = read(join(EXAMPLE, 'feature-view.yaml')).replace('version: 3', 'version: 4');
      return { file: await stored(world, file) };
    },
  },
  {
    act: 'dataset',
    judge: 'defaults',
    first: ['admin', 'mlops'],
    other: ['business', 'ds-team'],
    fields: async (world) => {
      const file = read(join(EXAMPLE, 'holdout-set.yaml'));
      return { file: await stored(world, file), data: /sha256: (\w+)/.exec(file)?.[1] ?? '' };
    },
  },
  {
    act: 'register',
    judge: 'model',
    first: ['mlops', 'ds-team'],
    other: ['admin'],
    fields: async ({ db }) => {
      const { rows } = await db.reader.query<{ artifact_digest: string }>(
        'SELECT artifact_digest FROM model_version_detail WHERE version = $1',
        [VERSION_IN.production],
      );
      return { model: MODEL, version: VERSION_IN.production, artifact_digest: rows[0]?.artifact_digest ?? '' };
    },
  },
  {
    act: 'request',
    judge: 'model',
    first: ['mlops', 'ds-team'],
    other: ['business'],
    fields: () => ({ model: MODEL, version: VERSION_IN.registered, from_stage: 'registered', to_stage: 'staging' }),
  },
  {
    act: 'promote',
    judge: 'attempt',
    first: ['mlops', 'ds-team'],
    other: ['security', 'devops'],
    fields: () => {
      const { model, version, promotion } = onStaging;
      return { model, version, promotion, from_stage: 'staging', to_stage: 'production' };
    },
    rule: { mlops: notReady, 'ds-team': notReady, security: notReady, devops: notReady },
  },
  {
    act: 'extend',
    judge: 'attempt',
    first: ['mlops'],
    other: ['admin'],
    fields: () => ({ ...onStaging, by_ms: 60_000 }),
  },
  { act: 'pause', judge: 'attempt', first: ['mlops'], other: ['business'], fields: () => onStaging },
  { act: 'resume', judge: 'attempt', first: ['mlops'], other: ['devops'], fields: () => onStaging, after: 'pause' },
  {
    act: 'withdraw',
    judge: 'attempt',
    first: ['mlops', 'ds-team'],
    other: ['security', 'mlops'],
    fields: () => onStaging,
    rule: { 'ds-team': notRequester, security: notRequester },
  },
  {
    act: 'repin',
    judge: 'attempt',
    first: ['mlops'],
    other: ['ds-team'],
    fields: async ({ db }) => {
      const { rows } = await db.reader.query<{ digest: string }>(
        'SELECT digest FROM policy WHERE model = $1 ORDER BY seq DESC LIMIT 1',
        [MODEL],
      );
      return { ...onStaging, policy_digest: rows[0]?.digest ?? '' };
    },
  },
  {
    act: 'break-glass',
    judge: 'attempt',
    first: ['mlops', 'devops'],
    other: ['security'],
    fields: async ({ db }) => {
      const attempt = await loadAttempt(db.reader, onStaging.promotion);
      if (!attempt) throw new Error(`no ${onStaging.promotion}`);
      return { ...onStaging, ...glassFields(attempt), skip: 'soak' };
    },
    rule: { mlops: /(registered|requested) this version$/ },
  },
  {
    act: 'freeze',
    said: 'freeze of all',
    judge: 'defaults',
    first: ['admin', 'mlops', 'devops'],
    other: ['business'],
    fields: () => ({ model: '', freeze: 'on', reason }),
  },
  {
    act: 'freeze',
    said: 'freeze of a model',
    judge: 'model',
    first: ['admin', 'mlops', 'devops'],
    other: ['security'],
    fields: () => ({ model: MODEL, freeze: 'on', reason }),
  },
  {
    act: 'hold',
    said: 'hold of all',
    judge: 'defaults',
    first: ['mlops', 'devops'],
    other: ['business'],
    fields: () => ({ model: '', hold: 'on', reason }),
  },
  {
    act: 'hold',
    said: 'hold of a model',
    judge: 'model',
    first: ['mlops', 'devops'],
    other: ['security'],
    fields: () => ({ model: MODEL, hold: 'on', reason }),
  },
  {
    act: 'release',
    judge: 'model',
    first: ['mlops'],
    other: ['admin', 'devops'],
    fields: () => ({ model: MODEL, version: VERSION_IN.quarantined, reason }),
  },
  {
    act: 'retire',
    judge: 'model',
    first: ['mlops'],
    other: ['business'],
    fields: () => ({ model: MODEL, version: VERSION_IN.production, reason }),
  },
  {
    act: 'rollback',
    judge: 'model',
    first: ['mlops', 'devops'],
    other: ['ds-team'],
    fields: () => ({ model: MODEL, from_version: VERSION_IN.production, to_version: VERSION_IN.archived, reason }),
  },
  {
    act: 'checkpoint',
    judge: 'defaults',
    first: ['admin', 'mlops'],
    other: ['devops'],
    fields: async (world) => ({ ...(await statedNow(world)) }),
  },
  {
    act: 'enrol',
    right: 'people',
    judge: 'defaults',
    first: ['admin'],
    other: ['business'],
    fields: async () => enrolling(await applicant('carla.cole@example.com', 'Carla Cole'), 'security'),
  },
  {
    act: 'revoke',
    right: 'people',
    judge: 'defaults',
    first: ['admin'],
    other: ['business'],
    fields: () => ({ email: PEOPLE.security, reason }),
  },
];

/** A `rights` section in which each act that this policy judges has its other groups, and what another one judges has none of them. */
export function otherRights(judge: Judge): string {
  const lines = RIGHTS.map((right) => {
    const row = RIGHTS_ROWS.find((each) => (each.right ?? each.act) === right && each.judge === judge);
    return `  ${right}: [${(row?.other ?? [MEANWHILE[right] ?? 'serving']).join(', ')}]`;
  });
  return `rights:\n${lines.join('\n')}\n`;
}

/** Who goes on where a policy judges nothing of it: somebody always has to be left. */
const MEANWHILE: { readonly [right: string]: string } = { people: 'admin', policy: 'mlops' };
