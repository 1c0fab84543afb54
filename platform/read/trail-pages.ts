import { CHAIN_START, firstBroken, type ChainRow } from '../../domain/audit.js';
import { chainLink } from '../audit.js';
import type { Db } from '../pool.js';
import type { TrailEvent } from './audit-trail.js';

/** A place in the chain, and the hash there. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** The first event that is missing, changed or does not follow, and why. */
export interface Broken {
  readonly seq: number;
  readonly why: string;
}

/** Some neighbouring events, as far as they hold; behind a page with `broken` there is no other. */
export interface TrailPage {
  readonly events: readonly TrailEvent[];
  readonly broken?: Broken;
}

/** Before the first event. */
export const START: Link = { seq: 0, hash: CHAIN_START };

interface StoredRow {
  readonly seq: number;
  readonly at: string;
  readonly action: string;
  readonly actor: string;
  readonly subject: string;
  readonly body: string;
  readonly hash: string;
}

interface ReadRow extends StoredRow, ChainRow {
  /** What its text says; undefined where that is no JSON. */
  readonly event: TrailEvent | undefined;
}

const ROWS_AT_ONCE = 1_000;

/** The trail in order, page by page: each hash computed again, and each column compared with the text that is hashed. */
export async function* trailPages(db: Db): AsyncGenerator<TrailPage> {
  let last: Link = START;
  for await (const rows of batches(db)) {
    const chain = firstBroken(rows, last, chainLink);
    const { seq: before } = last;
    const intact = chain ? rows.filter(({ seq }) => seq > before && seq < chain.seq) : rows;
    const differs = intact.find((row) => !saysTheSame(row));
    const sound = differs ? intact.slice(0, intact.indexOf(differs)) : intact;
    const broken = differs ? columnsDiffer(differs) : chain;
    yield { events: sound.map(({ event }) => event as TrailEvent), ...(broken && { broken }) };
    if (broken) return;
    last = sound.at(-1) ?? last;
  }
}

/** All rows in order; the next ones are on their way while some are looked at. */
async function* batches(db: Db): AsyncGenerator<ReadRow[]> {
  const after = async (seq: string): Promise<StoredRow[]> => {
    const { rows } = await db.query<StoredRow>(
      `SELECT seq, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, action, actor, subject, body, encode(hash, 'hex') AS hash
         FROM audit_event WHERE seq > $1::bigint ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
      [seq],
    );
    return rows;
  };
  let rows = await after('-9223372036854775808');
  while (rows.length > 0) {
    const next = after(String(rows.at(-1)?.seq));
    // Whoever stops at a broken event never asks for the rows that are on their way.
    next.catch(() => undefined);
    yield rows.map(readRow);
    rows = await next;
  }
}

function readRow(row: StoredRow): ReadRow {
  const event = eventIn(row);
  return { ...row, event, said: event?.seq };
}

function eventIn({ body, hash }: StoredRow): TrailEvent | undefined {
  try {
    const said: unknown = JSON.parse(body);
    return typeof said === 'object' && said !== null ? { ...(said as Omit<TrailEvent, 'hash'>), hash } : undefined;
  } catch {
    return undefined;
  }
}

/** The time is compared in the database's microseconds, so that no rounding hides a change. */
function saysTheSame({ event, at, action, actor, subject }: ReadRow): boolean {
  if (!event || typeof event.at !== 'string' || at !== `${event.at.slice(0, -1)}000Z`) return false;
  if (typeof event.detail !== 'object' || event.detail === null) return false;
  return action === event.action && actor === event.actor && subject === event.subject;
}

function columnsDiffer({ seq }: ReadRow): Broken {
  return { seq, why: `the columns of event ${seq} differ from its text` };
}
