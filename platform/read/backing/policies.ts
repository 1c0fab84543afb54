import { GATES, type Gate } from '../../../domain/policy.js';
import { recordedPolicy } from '../../../domain/policy-sections.js';
import { DEFAULTS } from '../../../domain/rights.js';
import { sha256 } from '../../digest.js';
import type { Db } from '../../pool.js';
import { differing, type Backing } from './backing.js';
import { createOrder } from './order.js';
import { registrations, type RegisteredRow } from './registrations.js';

/** What of a policy a production change is judged by. */
export interface PolicyFacts {
  readonly groupOf: Readonly<Record<Gate, string>>;
  readonly retentionYears: number;
  /** Whose signature skips a wait. */
  readonly breakGlass: readonly string[];
}

/** The policies of the record; those that are what the trail says, by digest, after `finish`. */
export interface Policies extends Backing {
  factsOf(digest: string): PolicyFacts | undefined;
}

interface Row extends RegisteredRow {
  readonly seq: number;
  readonly model: string;
  readonly digest: string;
  readonly relaxed: readonly string[];
  readonly effective: string;
  readonly defaults_text: string | null;
  readonly received_at: string;
}

const POLICIES = `
  SELECT 'policy/' || p.model AS subject, p.seq, p.model, p.digest, p.relaxed, p.effective, p.file_text, p.defaults_text, p.envelope,
         e.jws, e.received_at, p.registered_at = e.received_at AS on_time
    FROM policy p LEFT JOIN envelope e ON e.hash = p.envelope ORDER BY p.seq`;

/** Compares every policy with its event, its effective text with the digest, and its file's text with what was signed. */
export function policiesBacking(db: Db): Policies {
  const facts = new Map<string, PolicyFacts>();
  const defaults = new Set<string>();
  const order = createOrder();
  const backing = registrations<Row>(db, {
    action: 'policy.registered',
    select: POLICIES,
    fault(row, event) {
      const { digest, effective, relaxed, model, defaults_text: below, received_at: receivedAt } = row;
      if (model === DEFAULTS) defaults.add(sha256(row.file_text));
      const isOverKnown = model === DEFAULTS ? below === null : below !== null && defaults.has(sha256(below));
      if (!isOverKnown) return 'no such defaults were registered before it';
      if (sha256(effective) !== digest) return 'its effective text is not that of its digest';
      const fault = differing({ digest, relaxed }, { digest: event.detail['digest'], relaxed: event.detail['relaxed'] });
      const read = factsIn(effective);
      if (fault !== undefined || !read) return fault ?? 'its effective text is no policy';
      facts.set(digest, read);
      return order.fault(model, { receivedAt, event });
    },
  });
  return { ...backing, factsOf: (digest) => facts.get(digest) };
}

function factsIn(effective: string): PolicyFacts | undefined {
  try {
    const { gates, retention, rights } = recordedPolicy(effective);
    const groups = GATES.map((gate) => [gate, gates[gate].group] as const);
    const groupOf = Object.fromEntries(groups) as Record<Gate, string>;
    return { groupOf, retentionYears: retention.years, breakGlass: rights['break-glass'] };
  } catch {
    return undefined;
  }
}
