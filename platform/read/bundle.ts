import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import { evidenceBytes, type Finding } from '../../domain/checks.js';
import { sha256 } from '../digest.js';
import type { Db } from '../pool.js';
import type { Store } from '../store.js';
import { grouped } from './backing/backing.js';
import { eventsAbout, policiesNamed, type BundledEvent } from './bundle-events.js';

/** One promotion with all that is signed or hashed of it; docs/verify-bundle.mjs verifies it alone. */
export type Bundle = {
  readonly form: string;
  readonly promotion: string;
  /** In the order of the trail, each with the hash before it. */
  readonly events: readonly { readonly previous: string; readonly body: string; readonly hash: string }[];
  /** The signed acts that the events name, as received, in the order of the events. */
  readonly envelopes: readonly string[];
  /** Texts by their SHA-256, each of which an event or a signed act names. */
  readonly contents: { readonly [digest: string]: string };
};

interface AttemptRow {
  readonly model: string;
  readonly version: string;
  readonly artifact_digest: string;
  readonly features: string | null;
  readonly record: string | null;
  /** The change by hand that took the version out of production again. */
  readonly undone: string | null;
}

const FORM = 'gatehouse-bundle/v1';
const MANIFEST_LIMIT_BYTES = 5_000_000;

const ATTEMPT = `
  SELECT m.name AS model, p.version, v.artifact_digest, c.record,
         (SELECT f.features FROM feature_view f WHERE f.feature_hash = v.feature_hash ORDER BY f.name, f.version LIMIT 1) AS features,
         (SELECT n.key FROM production_change n WHERE n.model_id = c.model_id AND n.kind <> 'promotion' AND n.seq =
           (SELECT min(l.seq) FROM production_change l WHERE l.model_id = c.model_id AND l.seq > c.seq)) AS undone
    FROM promotion p JOIN model_registry m ON m.id = p.model_id
    JOIN model_version_detail v ON v.model_id = p.model_id AND v.version = p.version
    LEFT JOIN production_change c ON c.promotion_id = p.id
   WHERE p.id = $1`;

/** Reads the bundle of an attempt from a record that was verified; throws a `FileError` when the manifest is nowhere. */
export async function readBundle(db: Db, store: Store, promotion: string): Promise<Bundle> {
  const { rows } = await db.query<AttemptRow>(ATTEMPT, [promotion]);
  const attempt = rows[0];
  if (!attempt) throw new RangeError(`no promotion ${promotion}`);
  const policies = await policiesNamed(db, promotion, attempt.model);
  const registered = `${attempt.model}/${attempt.version}`;
  const subjects = [promotion, registered, attempt.undone].filter((subject) => subject !== null);
  const events = await eventsAbout(db, { subjects, registered, policies: policies.map(({ envelope }) => envelope) });
  const envelopes = await envelopesOf(db, events);
  const texts = [
    ...policies.flatMap(({ effective, file_text: file }) => [effective, file]),
    ...(await evidenceOf(db, promotion)),
    ...[attempt.features, attempt.record].filter((text) => text !== null),
    await manifestOf(store, attempt),
  ];
  const named = namedIn([...events.map(({ body }) => body), ...envelopes.map(payloadOf)]);
  const contents = texts.map((text) => [sha256(text), text] as const).filter(([digest]) => named.has(digest));
  return {
    form: FORM,
    promotion,
    events: events.map(({ previous, body, hash }) => ({ previous, body, hash })),
    envelopes,
    contents: Object.fromEntries(contents),
  };
}

async function envelopesOf(db: Db, events: readonly BundledEvent[]): Promise<string[]> {
  // What was refused counts for nothing, and may be anything that somebody sent.
  const hashes = events.flatMap(({ action, envelope }) => (action === 'act.refused' || envelope === '' ? [] : [envelope]));
  const { rows } = await db.query<{ hash: string; jws: string }>('SELECT hash, jws FROM envelope WHERE hash = ANY ($1)', [
    hashes,
  ]);
  const kept = new Map(rows.map(({ hash, jws }) => [hash, jws]));
  return hashes.flatMap((hash) => kept.get(hash) ?? []);
}

async function evidenceOf(db: Db, promotion: string): Promise<string[]> {
  const { rows } = await db.query<{ round: number; finding: string }>(
    `SELECT round, finding FROM check_result WHERE promotion_id = $1 AND phase = 'validation' ORDER BY round, id`,
    [promotion],
  );
  return [...grouped(rows, ({ round }) => round).values()].map((findings) =>
    evidenceBytes(findings.map(({ finding }) => JSON.parse(finding) as Finding)),
  );
}

async function manifestOf(store: Store, { record, artifact_digest: digest }: AttemptRow): Promise<string> {
  if (record === null) return (await store.read(digest, MANIFEST_LIMIT_BYTES)).toString('utf8');
  return canonicalJson({ files: (JSON.parse(record) as { artifacts: JsonValue }).artifacts });
}

function namedIn(texts: readonly string[]): Set<string> {
  return new Set(texts.flatMap((text) => text.match(/\b[0-9a-f]{64}\b/g) ?? []));
}

function payloadOf(jws: string): string {
  return Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8');
}
