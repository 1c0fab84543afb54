import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { auditBody, type AuditEntry } from '../../domain/audit.js';
import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import { keyPath, loadKey } from '../../platform/keys.js';
import type { World } from '../support/world.js';

/** What is put on the record: after each signed act some events without one, as runs that are replaced. */
export interface Many {
  readonly events: number;
  readonly besides: number;
  /** The attempt whose run is replaced, by itself. */
  readonly promotion: string;
  readonly person: string;
}

interface Kept {
  readonly act: string;
  readonly person: string;
  readonly subject: string;
  readonly answer: string;
  readonly jws: string;
}

/** An event's text, before it is one. */
type Said = AuditEntry & { readonly seq: number; readonly at: string };

const AT_ONCE = 20_000;
const RUN = 'the-run-that-lives-for-it';

/**
 * Puts events of the newest kind of signed act on a record, as its worker would have, but some thousand at a time: each with an
 * act of its own, signed by the same person, and with the hash that follows.
 */
export async function putMany(world: World, { events, besides, promotion, person }: Many): Promise<void> {
  const url = new URL(inject('postgres').superuserUrl);
  url.pathname = new URL(world.db.readUrl).pathname;
  const client = new pg.Client({ connectionString: url.href, options: '-c timezone=UTC' });
  await client.connect();
  await client.query('SET session_replication_role = replica; SET search_path = public');
  if (besides > 0) await client.query('UPDATE promotion SET first_run_id = $2 WHERE id = $1', [promotion, RUN]);
  const { rows } = await client.query<Kept & { body: string; seq: string; hash: string }>(
    `SELECT e.act, e.person, e.subject, e.answer, e.jws, a.body, h.seq, encode(h.hash, 'hex') AS hash
       FROM audit_event a JOIN envelope e ON e.hash = a.body::json -> 'detail' ->> 'envelope', audit_head h
      WHERE e.person = $1 ORDER BY a.seq DESC LIMIT 1`,
    [person],
  );
  const like = rows[0];
  if (!like) throw new Error('there is no act to be like');
  const key = createPrivateKey({ key: { ...(await loadKey(keyPath(world.keysDir, person))).privateJwk }, format: 'jwk' });
  const said = JSON.parse(like.body) as Said;
  const payload = JSON.parse(Buffer.from(like.jws.split('.')[1] ?? '', 'base64url').toString()) as Record<string, JsonValue>;
  const replaced: AuditEntry = { action: 'run.replaced', actor: 'gatehouse', subject: promotion, detail: { run: RUN } };
  let [seq, hash] = [Number(like.seq), like.hash];
  for (let left = events; left > 0;) {
    const [acts, trail] = [[] as string[][], [] as string[][]];
    for (; left > 0 && trail.length < AT_ONCE; left -= 1) {
      seq += 1;
      let event: Said = { ...replaced, at: said.at, seq };
      if (seq % (besides + 1) === 0) {
        const jws = signed({ ...payload, nonce: `nonce-of-event-${seq}` }, like.jws, key);
        const id = sha256(jws);
        acts.push([id, jws, like.answer.replaceAll(sha256(like.jws), id)]);
        event = { ...said, seq, detail: { ...said.detail, envelope: id } };
      }
      const body = auditBody(event, seq, said.at);
      hash = createHash('sha256').update(Buffer.from(hash, 'hex')).update(body).digest('hex');
      trail.push([String(seq), event.action, event.actor, event.subject, body, hash]);
    }
    const columns = (table: string[][], count: number) => Array.from({ length: count }, (_, i) => table.map((row) => row[i]));
    await client.query(
      `INSERT INTO envelope (hash, act, jws, person, subject, received_at, accepted, answer)
       SELECT hash, $4, jws, $5, $6, $7::timestamptz, true, answer FROM unnest($1::text[], $2::text[], $3::text[]) AS t (hash, jws, answer)`,
      [...columns(acts, 3), like.act, like.person, like.subject, said.at],
    );
    await client.query(
      `INSERT INTO audit_event (seq, at, action, actor, subject, body, hash)
       SELECT seq::bigint, $7::timestamptz, action, actor, subject, body, decode(hash, 'hex')
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS t (seq, action, actor, subject, body, hash)`,
      [...columns(trail, 6), said.at],
    );
  }
  await client.query(`UPDATE audit_head SET seq = $1, hash = decode($2, 'hex')`, [seq, hash]);
  await client.query('ANALYZE audit_event; ANALYZE envelope');
  await client.end();
}

function signed(payload: Record<string, JsonValue>, like: string, key: KeyObject): string {
  const bytes = `${like.split('.')[0]}.${Buffer.from(canonicalJson(payload)).toString('base64url')}`;
  return `${bytes}.${sign(null, Buffer.from(bytes), key).toString('base64url')}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
