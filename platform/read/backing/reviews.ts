import { promotionChangeKey } from '../../../domain/ids.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import { scan } from './scan.js';
import { isTimeOf } from './times.js';

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly owner: string;
  readonly due_at: string;
  readonly opened_at: string;
  readonly envelopes: readonly string[];
  readonly closed: boolean;
}

const REVIEWS = `
  SELECT id, kind, subject, owner_group AS owner, due_at, opened_at, envelopes,
         num_nonnulls(closed_at, closed_by, closed_envelope, note) > 0 AS closed FROM review ORDER BY id`;

/** Compares the reviews that are owed with the events that opened them, and those with the break-glasses that were used. */
export function reviewsBacking(db: Db): Backing {
  const told = new Map<string, TrailEvent>();
  const used = new Map<string, number>();
  return {
    take(events) {
      return Promise.resolve(
        events.flatMap(({ seq, action, subject, detail, ...rest }) => {
          if (action === 'production.changed' && detail['breakGlass'] !== undefined) used.set(subject, seq);
          if (action !== 'review.opened') return [];
          const id = textOf(detail['review']);
          const again = told.has(id) ? [`event ${seq} opens review ${id} a second time`] : [];
          told.set(id, { seq, action, subject, detail, ...rest });
          return again;
        }),
      );
    },
    async finish() {
      const faults = [...used]
        .filter(([promotion]) => ![...told.values()].some(({ subject }) => subject === promotion))
        .map(([promotion, seq]) => `${promotionChangeKey(promotion)} of event ${seq} by break-glass opened no review`);
      for await (const rows of scan<Row>(db, REVIEWS)) {
        for (const row of rows) {
          const event = told.get(row.id);
          told.delete(row.id);
          const fault = event ? faultOf(row, event) : 'on no event';
          if (fault !== undefined) faults.push(`review ${row.id}: ${fault}`);
        }
      }
      return [...faults, ...[...told.values()].map(({ seq }) => `the review of event ${seq} is not on the record`)];
    },
  };
}

function faultOf(row: Row, event: TrailEvent): string | undefined {
  const { seq, subject, detail, at } = event;
  const { kind, owner, dueAt, envelopes } = detail;
  const fault = differing({ ...row }, { subject, kind, owner, due_at: dueAt, envelopes });
  if (fault !== undefined) return `not what event ${seq} says: ${fault}`;
  if (row.closed) return 'it is closed, which no event says';
  // It is opened with the change, whose own event comes before.
  const isThen = isTimeOf(at, { seq, at: row.opened_at });
  return isThen ? undefined : `its opened_at is ${row.opened_at}, event ${seq} is of ${at}`;
}
