import { openEnvelope } from '../envelope.js';
import { keysNamed } from '../issuer-keys.js';
import type { Db } from '../pool.js';
import { allIssuerKeys } from './issuer-keys.js';

/** An event of a bundle: what is exported, and what it is chosen by. */
export interface BundledEvent {
  readonly seq: number;
  readonly action: string;
  readonly actor: string;
  readonly subject: string;
  readonly previous: string;
  readonly body: string;
  readonly hash: string;
  /** The signed act it names, or ''. */
  readonly envelope: string;
}

/** A policy as it was registered. */
export interface PolicyText {
  readonly effective: string;
  readonly file_text: string;
  readonly envelope: string;
}

const EVENTS = `
  SELECT e.seq, e.action, e.actor, e.subject, e.body, encode(e.hash, 'hex') AS hash, coalesce(e.body::jsonb #>> '{detail,envelope}', '') AS envelope,
         coalesce((SELECT encode(b.hash, 'hex') FROM audit_event b WHERE b.seq = e.seq - 1), repeat('0', 64)) AS previous
    FROM audit_event e WHERE e.subject = ANY ($1) ORDER BY e.seq`;

/**
 * The events about an attempt, in the order of the trail: its own, the registration of its version and of its policies,
 * and the enrolment of everybody who acts in them.
 */
export async function eventsAbout(
  db: Db,
  about: { subjects: readonly string[]; registered: string; policies: readonly string[] },
): Promise<BundledEvent[]> {
  const { subjects, registered, policies } = about;
  const own = (await eventsOn(db, subjects)).filter(({ action, subject }) => {
    // Who may load a version asks again and again, and other acts on it are not about this attempt.
    return subject !== registered || action === 'version.registered';
  });
  const rules = (await eventsOf(db, policies)).filter(({ action }) => action === 'policy.registered');
  const chosen = [...own, ...rules];
  // Whoever enrolled somebody by a signed act is enrolled as well.
  for (const known = new Set<string>(); ;) {
    const acting = chosen.map(({ actor }) => `person/${actor}`).filter((subject) => !known.has(subject));
    if (acting.length === 0) return [...chosen, ...(await issuerKeysOf(db, chosen))].sort((a, b) => a.seq - b.seq);
    acting.forEach((subject) => known.add(subject));
    chosen.push(...(await eventsOn(db, [...new Set(acting)])));
  }
}

/** The first appearance of the keys that the logins were verified with by which acts of these events are signed. */
async function issuerKeysOf(db: Db, events: readonly BundledEvent[]): Promise<BundledEvent[]> {
  const { rows } = await db.query<{ jws: string }>(`SELECT jws FROM envelope WHERE hash = ANY ($1) AND strpos(jws, '~') > 0`, [
    events.flatMap(({ action, envelope }) => (action === 'act.refused' ? [] : [envelope])),
  ]);
  if (rows.length === 0) return [];
  const keys = await allIssuerKeys(db);
  const named = rows.flatMap(({ jws }) => {
    const opened = openEnvelope(jws);
    return opened.ok && opened.envelope.login ? keysNamed(keys, opened.envelope.login.idToken) : [];
  });
  return await eventsOn(db, [...new Set(named.map(({ thumbprint }) => `issuer-key/${thumbprint}`))]);
}

/** The policies that an attempt was held to, first to last registered, and the defaults they were laid over. */
export async function policiesNamed(db: Db, promotion: string, model: string): Promise<PolicyText[]> {
  const { rows } = await db.query<PolicyText & { seq: number; defaults_text: string | null }>(
    `SELECT DISTINCT ON (p.digest) p.seq, p.effective, p.file_text, p.defaults_text, p.envelope FROM policy p
      WHERE p.model IN ($2, '_defaults') AND p.digest IN (
        SELECT d.digest FROM audit_event e CROSS JOIN LATERAL (VALUES
          (e.body::jsonb #>> '{detail,policy}'), (e.body::jsonb #>> '{detail,to}'), (e.body::jsonb #>> '{detail,from}')) AS d (digest)
         WHERE e.subject = $1 AND e.action IN ('promotion.requested', 'promotion.repinned'))
      ORDER BY p.digest, p.model = $2 DESC, p.seq`,
    [promotion, model],
  );
  const below = rows.flatMap(({ defaults_text: text }) => text ?? []);
  const { rows: defaults } = await db.query<PolicyText & { seq: number }>(
    `SELECT DISTINCT ON (file_text) seq, effective, file_text, envelope FROM policy
      WHERE model = '_defaults' AND file_text = ANY ($1) ORDER BY file_text, seq`,
    [below],
  );
  const bySeq = new Map([...defaults, ...rows].map((row) => [row.seq, row]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

async function eventsOn(db: Db, subjects: readonly string[]): Promise<BundledEvent[]> {
  const { rows } = await db.query<BundledEvent>(EVENTS, [subjects]);
  return rows;
}

async function eventsOf(db: Db, envelopes: readonly string[]): Promise<BundledEvent[]> {
  const { rows } = await db.query<{ subject: string }>('SELECT DISTINCT subject FROM envelope WHERE hash = ANY ($1)', [
    envelopes,
  ]);
  const on = await eventsOn(
    db,
    rows.map(({ subject }) => subject),
  );
  return on.filter(({ envelope }) => envelopes.includes(envelope));
}
