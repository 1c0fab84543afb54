import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataProfiler } from '../../activities/checks/duckdb-profiler.js';
import { createModelRunner } from '../../activities/checks/model-runner.js';
import { metricsSources } from '../../activities/metrics/sources.js';
import { fileChannel } from '../../activities/notify/file-channel.js';
import { pointerFile } from '../../activities/serving/pointer-file.js';
import { createActivities, type Activities } from '../../activities/index.js';
import { applyEnvelope } from '../../activities/registry/apply.js';
import type { Deps } from '../../activities/registry/deps.js';
import { ACTS, type ActPayload, type ActType, type Decision } from '../../domain/acts.js';
import type { Gate } from '../../domain/policy.js';
import { statementFields, meaningOf } from '../../domain/statement.js';
import { loadAttempt } from '../../platform/attempt.js';
import { databaseNow } from '../../platform/audit.js';
import { enrolDemoPeople } from '../../platform/demo-people.js';
import { signEnvelope } from '../../platform/envelope.js';
import { keyPath, loadKey } from '../../platform/keys.js';
import { storePackage } from '../../platform/package.js';
import { openStore } from '../../platform/store.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { copyDatabase, type TestDatabase } from './database.js';
import { EXAMPLE, MODEL, root } from './stack.js';

export const AT = '@duetmind.example';

/** The record with its people and the example's files on it, and the activities over it; no Temporal. */
export interface World {
  readonly db: TestDatabase;
  readonly deps: Deps;
  readonly activities: Activities;
  /** Where the demo people's keys are. */
  readonly keysDir: string;
  /** The nudges and starts the activities asked Temporal for. */
  readonly told: string[];
  /** The demo people's e-mails by group; the first one of each. */
  sign(act: ActType, email: string, fields: ActPayload, change?: ActPayload): Promise<string>;
  /** Signs and applies an act. */
  act(act: ActType, email: string, fields: ActPayload, change?: ActPayload): Promise<ActAnswer>;
  /** Signs a decision over the statement as the record has it now, with fields changed for the test. */
  signDecision(promotionId: string, email: string, gate: Gate, decision?: Decision, change?: ActPayload): Promise<string>;
  /** Registers and stores a version's package. */
  register(version: string, email: string): Promise<ActAnswer>;
  close(): Promise<void>;
}

/** Makes a world on a copy of the migrated database. */
export async function makeWorld(): Promise<World> {
  const db = await copyDatabase();
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-world-'));
  const keysDir = join(dir, 'keys');
  mkdirSync(keysDir);
  await enrolDemoPeople({ ownerUrl: db.ownerUrl, keysDir });
  const store = openStore(join(dir, 'store'));
  const told: string[] = [];
  const runs = {
    ensure: (id: string) => Promise.resolve(void told.push(`ensure ${id}`)),
    nudge: (id: string) => Promise.resolve(void told.push(`nudge ${id}`)),
    follow: ({ key }: { key: string }) => Promise.resolve(void told.push(`follow ${key}`)),
    watch: ({ key }: { key: string }) => Promise.resolve(void told.push(`watch ${key}`)),
    deliver: (key: string) => Promise.resolve(void told.push(`deliver ${key}`)),
  };
  const deps: Deps = {
    pool: db.worker,
    store,
    models: createModelRunner(),
    data: createDataProfiler(),
    serving: pointerFile(join(dir, 'serving')),
    channels: [fileChannel(join(dir, 'notices.jsonl'))],
    dashboards: [],
    sources: metricsSources(db.worker),
    places: { namespace: 'default' },
    runs,
    log: () => undefined,
  };

  const sign: World['sign'] = async (act, email, fields, change = {}) => {
    const { rows } = await db.reader.query<{ id: string; environment: string; printed_name: string }>(
      'SELECT i.id, i.environment, p.printed_name FROM installation i JOIN person p ON p.email = $1',
      [email],
    );
    const now = await databaseNow(db.reader);
    const payload = {
      typ: ACTS[act].typ,
      installation: rows[0]?.id ?? '',
      environment: rows[0]?.environment ?? '',
      person: email,
      printed_name: rows[0]?.printed_name ?? '',
      nonce: crypto.randomUUID(),
      issued: now,
      expires: new Date(Date.parse(now) + 600_000).toISOString(),
      ...fields,
      ...change,
    };
    return signEnvelope(payload, await loadKey(keyPath(keysDir, email)));
  };
  const act: World['act'] = async (type, email, fields, change) => applyEnvelope(deps, await sign(type, email, fields, change));
  const file = async (type: ActType, email: string, path: string, more: ActPayload = {}) => {
    const { digest } = await store.putBytes(readFileSync(path));
    const answer = await act(type, email, { file: digest, ...more });
    if (!answer.accepted) throw new Error(JSON.stringify(answer.refusal));
  };
  await file('policy', `alice.admin${AT}`, join(root, 'policies', '_defaults.yaml'), { model: '_defaults' });
  await file('policy', `alice.admin${AT}`, join(EXAMPLE, 'policy.yaml'), { model: MODEL });
  await file('feature-view', await first(db, 'mlops'), join(EXAMPLE, 'feature-view.yaml'));
  for (const [name, data] of [
    ['training-set', 'train'],
    ['holdout-set', 'holdout'],
  ] as const) {
    const { digest } = await store.put(join(EXAMPLE, 'data', `${data}.csv`));
    await file('dataset', await first(db, 'mlops'), join(EXAMPLE, `${name}.yaml`), { data: digest });
  }
  return {
    db,
    deps,
    activities: createActivities(deps),
    keysDir,
    told,
    sign,
    act,
    async signDecision(promotionId, email, gate, decision = 'approve', change = {}) {
      const attempt = await loadAttempt(db.reader, promotionId);
      const fields = attempt && statementFields(attempt);
      if (!fields) throw new Error(`${promotionId} has no statement`);
      const meaning = meaningOf(decision, gate, attempt.policy.gates[gate].asks);
      return sign(
        'decision',
        email,
        { ...fields, gate, decision, meaning, comment: decision === 'reject' ? 'it is not sound' : '' },
        change,
      );
    },
    async register(version, email) {
      const stored = await storePackage(store, join(EXAMPLE, 'packages', version));
      if (!stored.ok) throw new Error(JSON.stringify(stored.problems));
      return act('register', email, { model: MODEL, version, artifact_digest: stored.artifactDigest });
    },
    async close() {
      await db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The first person of a group, by e-mail. */
export async function first(db: TestDatabase, group: string): Promise<string> {
  return (await members(db, group))[0] ?? '';
}

/** The people of a group, by e-mail. */
export async function members(db: TestDatabase, group: string): Promise<string[]> {
  const { rows } = await db.reader.query<{ email: string }>('SELECT email FROM person WHERE $1 = ANY (groups) ORDER BY email', [
    group,
  ]);
  return rows.map(({ email }) => email);
}
