import type { JsonValue } from '../../domain/canonical.js';
import type { Db } from '../pool.js';
import type { TrailEvent } from './audit-trail.js';
import { changeFaults, type ChangeEvent } from './change-backing.js';
import { envelopeFaults, decisionsWithoutEvent } from './envelope-backing.js';

/** Compares the record with the audit trail as its events are read, in their order. */
export interface Backing {
  take(events: readonly TrailEvent[]): Promise<void>;
  /** Everything that one says without the other, in words; the first hundred. */
  finish(): Promise<string[]>;
}

const FAULTS_KEPT = 100;

/** What the events of the trail add up to. */
interface Told {
  /** `model/version` → its stage, and its content as registered. */
  readonly versions: Map<string, { stage: string; artifactDigest: string; featureHash: string }>;
  /** Promotion id → its state. */
  readonly attempts: Map<string, string>;
  /** Model → the promotion that its production version came from. */
  readonly serving: Map<string, string>;
  readonly changes: Map<string, ChangeEvent>;
}

/** Starts a comparison over one snapshot of the record. */
export function backing(db: Db): Backing {
  const told: Told = { versions: new Map(), attempts: new Map(), serving: new Map(), changes: new Map() };
  const faults: string[] = [];
  return {
    async take(events) {
      for (const event of events) for (const fault of fold(told, event)) faults.push(fault);
      faults.push(...(await envelopeFaults(db, events)));
      faults.splice(FAULTS_KEPT);
    },
    async finish() {
      faults.push(...(await versionFaults(db, told)), ...(await attemptFaults(db, told)));
      faults.push(...(await changeFaults(db, told.changes)), ...(await decisionsWithoutEvent(db)));
      return faults.slice(0, FAULTS_KEPT);
    },
  };
}

function fold(told: Told, event: TrailEvent): string[] {
  switch (event.action) {
    case 'version.registered':
      return registered(told, event);
    case 'stage.changed': {
      const { seq, subject, detail } = event;
      told.attempts.set(subject, textOf(detail['to']));
      const version = `${textOf(detail['model'])}/${textOf(detail['version'])}`;
      return moved(told, { seq, version, from: textOf(detail['from']), to: textOf(detail['to']) });
    }
    case 'production.changed':
      return productionChanged(told, event);
    default:
      return [];
  }
}

function registered({ versions }: Told, { seq, subject, detail }: TrailEvent): string[] {
  const again = versions.has(subject) ? [`event ${seq} registers ${subject} a second time`] : [];
  const content = { artifactDigest: textOf(detail['artifactDigest']), featureHash: textOf(detail['featureHash']) };
  versions.set(subject, { stage: 'registered', ...content });
  return again;
}

function productionChanged(told: Told, { seq, subject, detail }: TrailEvent): string[] {
  const [model, to] = [textOf(detail['model']), textOf(detail['to'])];
  const from = typeof detail['from'] === 'string' ? detail['from'] : null;
  const replaced = told.serving.get(model);
  if (replaced !== undefined) told.attempts.set(replaced, 'archived');
  told.attempts.set(subject, 'production');
  told.serving.set(model, subject);
  const again = told.changes.has(subject) ? [`event ${seq} is a second production change of ${subject}`] : [];
  told.changes.set(subject, { seq, model, from, to, envelopes: approvalsIn(detail['approvals']) });
  const archived = from === null ? [] : moved(told, { seq, version: `${model}/${from}`, from: 'production', to: 'archived' });
  return [...again, ...archived, ...moved(told, { seq, version: `${model}/${to}`, from: 'staging', to: 'production' })];
}

interface Move {
  readonly seq: number;
  readonly version: string;
  readonly from: string;
  readonly to: string;
}

function moved({ versions }: Told, { seq, version, from, to }: Move): string[] {
  const known = versions.get(version);
  versions.set(version, { artifactDigest: '', featureHash: '', ...known, stage: to });
  if (known?.stage === from) return [];
  return [`event ${seq} takes ${version} from ${from}, where the trail has it as ${known?.stage ?? 'unknown'}`];
}

async function versionFaults(db: Db, { versions }: Told): Promise<string[]> {
  const { rows } = await db.query<{ name: string; status: string; artifact_digest: string; feature_hash: string }>(
    `SELECT m.name || '/' || v.version AS name, v.status, v.artifact_digest, v.feature_hash
       FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id ORDER BY 1`,
  );
  const unseen = new Set(versions.keys());
  const faults = rows.flatMap(({ name, status, artifact_digest: artifact, feature_hash: features }) => {
    unseen.delete(name);
    const is = versions.get(name);
    if (!is) return [`version ${name} is ${status}, the trail does not know it`];
    if (is.stage !== status) return [`version ${name} is ${status}, the trail has it as ${is.stage}`];
    const same = is.artifactDigest === artifact && is.featureHash === features;
    return same ? [] : [`version ${name} has other content than the trail says was registered`];
  });
  return [...faults, ...[...unseen].map((name) => `version ${name} is on the trail and not on the record`)];
}

async function attemptFaults(db: Db, { attempts }: Told): Promise<string[]> {
  const { rows } = await db.query<{ id: string; state: string }>('SELECT id, state FROM promotion ORDER BY id');
  const unseen = new Set(attempts.keys());
  const faults = rows.flatMap(({ id, state }) => {
    unseen.delete(id);
    const is = attempts.get(id) ?? 'unknown';
    return is === state ? [] : [`promotion ${id} is ${state}, the trail has it as ${is}`];
  });
  return [...faults, ...[...unseen].map((id) => `promotion ${id} is on the trail and not on the record`)];
}

function approvalsIn(value: JsonValue | undefined): string[] {
  if (!Array.isArray(value)) return [];
  return (value as { envelope?: JsonValue }[]).map((approval) => textOf(approval.envelope));
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
