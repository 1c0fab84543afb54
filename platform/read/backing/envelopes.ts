import { canonicalJson } from '../../../domain/canonical.js';
import { sha256 } from '../../digest.js';
import type { OpenedEnvelope } from '../../envelope.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { actSaid, DECISIONS, isOfAct } from './acts-said.js';
import { differing, textOf, type Backing } from './backing.js';
import type { People } from './people.js';
import { signedBy } from './signed.js';
import type { Jumps } from './times.js';
import { decisionsWithoutEvent, envelopesWithoutEvent } from './without-event.js';

interface Kept {
  readonly hash: string;
  readonly act: string;
  readonly jws: string;
  readonly person: string | null;
  readonly subject: string;
  readonly received_at: string;
  readonly accepted: boolean;
  readonly answer: string;
  readonly decision: DecisionRow | null;
}

interface DecisionRow {
  readonly seq: number;
  readonly promotion_id: string;
  readonly round: number;
  readonly gate: string;
  readonly decision: string;
  readonly person: string;
  readonly comment: string;
  readonly on_time: boolean;
}

/** The signed acts of one page of events, whose signatures are being computed. */
interface Judging {
  readonly signed: readonly TrailEvent[];
  readonly kept: ReadonlyMap<string, Kept>;
  readonly judged: Promise<readonly (string | undefined)[]>;
}

/** So many pages keep every core at work on signatures while the next ones are read. */
const PAGES_OPEN = 4;

/**
 * Compares every signed act that an event names with the event and with its decision: the envelope is stored as it was
 * received, signed with the key that the trail says its author has, and says what the event says.
 */
export function envelopesBacking(db: Db, { people, jumps }: { people: People; jumps: Jumps }): Backing {
  const named = new Set<string>();
  const decided = new Set<string>();
  const lastDecision = new Map<string, number>();
  const open: Judging[] = [];
  return {
    async take(events) {
      const signed = events.filter(isOfAct);
      if (signed.length === 0) return [];
      const kept = await keptOf(db, signed);
      // By the people and the clock of the trail up to here: only the signatures are computed while it is read on.
      const faults = signed.map((event) => {
        const hash = textOf(event.detail['envelope']);
        const short = shortOf(hash);
        const isAgain = named.size === named.add(short).size;
        if (Object.hasOwn(DECISIONS, event.action)) decided.add(short);
        return isAgain ? Promise.resolve('another event speaks of its signed act') : faultOf(event, kept.get(hash));
      });
      const judged = Promise.all(faults);
      // Whoever stops at a broken event never asks for what is still computed.
      judged.catch(() => undefined);
      open.push({ signed, kept, judged });
      return open.length > PAGES_OPEN ? await settle(open.splice(0, 1)) : [];
    },
    async finish() {
      const faults = await settle(open.splice(0));
      const acts = await envelopesWithoutEvent(db, (hash) => named.has(shortOf(hash)), named.size);
      return [...faults, ...acts, ...(await decisionsWithoutEvent(db, (hash) => decided.has(shortOf(hash))))];
    },
  };

  async function settle(pages: readonly Judging[]): Promise<string[]> {
    const all: string[] = [];
    for (const { signed, kept, judged } of pages) {
      const faults = await judged;
      for (const [i, event] of signed.entries()) {
        const fault = faults[i] ?? outOfOrder(event, kept.get(textOf(event.detail['envelope']))?.decision);
        if (fault !== undefined) all.push(`event ${event.seq} (${event.action}): ${fault}`);
      }
    }
    return all;
  }

  async function faultOf(event: TrailEvent, row: Kept | undefined): Promise<string | undefined> {
    const { action, actor, subject } = event;
    if (!row) return 'its signed act is not on the record';
    if (sha256(row.jws) !== row.hash) return 'its signed act was changed';
    if (row.accepted !== (action !== 'act.refused')) return `its signed act is marked ${row.accepted ? 'accepted' : 'refused'}`;
    if ((row.person ?? 'unknown') !== actor) return `its signed act is by ${row.person ?? 'nobody known'}, not ${actor}`;
    if (row.subject !== subject) return `its signed act is kept as about ${row.subject}`;
    if (!jumps.isShortlyBefore(row.received_at, event)) return `its signed act is kept as received at ${row.received_at}`;
    const author = row.person === null ? undefined : people.before(event.seq, row.person);
    const envelope = await signedBy(row.jws, author, people.issuerKeys);
    if (row.person !== null && !envelope) return `its signed act is not signed by ${row.person}`;
    if (author?.revoked && action !== 'act.refused') return `its signed act is by ${actor}, who was revoked`;
    return action === 'act.refused' ? asRefused(event, row) : asAccepted(event, row, envelope);
  }

  /** Which approval counts depends on the order, which is made under the model's lock, as that of the events is. */
  function outOfOrder({ action, subject }: TrailEvent, decision: DecisionRow | null | undefined): string | undefined {
    if (!decision || !Object.hasOwn(DECISIONS, action)) return undefined;
    const before = lastDecision.get(subject) ?? 0;
    lastDecision.set(subject, decision.seq);
    return decision.seq > before ? undefined : 'its decision is not in the order of the trail';
  }
}

async function keptOf(db: Db, events: readonly TrailEvent[]): Promise<Map<string, Kept>> {
  const { rows } = await db.query<Omit<Kept, 'decision'> & DecisionRow>(
    `SELECT e.hash, e.act, e.jws, e.person, e.subject, e.received_at, e.accepted, e.answer, to_json(d) AS decision
       FROM envelope e LEFT JOIN LATERAL (
         SELECT seq, promotion_id, round, gate, decision, person, comment, received_at = e.received_at AS on_time
           FROM decision WHERE envelope = e.hash) d ON true
      WHERE e.hash = ANY ($1)`,
    [events.map(({ detail }) => textOf(detail['envelope']))],
  );
  return new Map(rows.map((row) => [row.hash, row as unknown as Kept]));
}

function asRefused({ detail }: TrailEvent, row: Kept): string | undefined {
  const { act = null, refusal = null } = detail;
  if (row.act !== act) return `its signed act is kept as ${row.act}`;
  const answer = canonicalJson({ accepted: false, hash: row.hash, refusal, result: {} });
  return row.answer === answer ? undefined : 'its signed act was answered otherwise';
}

function asAccepted(event: TrailEvent, row: Kept, envelope: OpenedEnvelope | undefined): string | undefined {
  const { action, actor, subject, detail } = event;
  const payload = envelope?.payload ?? {};
  if (row.act !== envelope?.act || !actSaid(event, envelope)) return 'its signed act says something else';
  // ISO texts of one form sort as times do.
  const isDue = row.act === 'hold' || String(payload['issued']) <= row.received_at;
  const isInTime = isDue && row.received_at <= String(payload['expires']);
  if (payload['person'] !== actor || !isInTime) return `its signed act was not ${actor}'s to send when it was received`;
  const decision = DECISIONS[action];
  // A decision on the record that stands on an act of another kind is named by itself.
  if (decision === undefined) return undefined;
  const says = { promotion_id: subject, round: detail['round'], gate: detail['gate'], decision, person: actor };
  const fault = row.decision
    ? differing({ ...row.decision }, { ...says, comment: detail['comment'], on_time: true })
    : 'there is none';
  return fault === undefined ? undefined : `the decision on the record is another one: ${fault}`;
}

/** Half of a hash in a string of its own: a million of them fit into memory. */
function shortOf(hash: string): string {
  return Buffer.from(hash, 'hex').toString('latin1', 0, 16);
}
