import type { JsonValue } from '../../../domain/canonical.js';
import { promotionChangeKey } from '../../../domain/ids.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { approvalsOf, unapproved, type ApprovalRow } from './approvals.js';
import { textOf, type Backing } from './backing.js';
import { automaticFault, type AutomaticRow } from './automatic.js';
import { byHandFault, type ByHandRow } from './by-hand.js';
import { recordFault } from './change-record.js';
import { glassFault, glassOf, glassSaid, type GlassRow } from './glass-used.js';
import type { VerdictRow } from './evidence.js';
import type { People } from './people.js';
import type { Policies } from './policies.js';
import { scan } from './scan.js';
import { isTimeOf } from './times.js';
import { attemptsOf, type Told } from './told.js';

interface Row extends ByHandRow, AutomaticRow {
  readonly seq: number;
  readonly model: string;
  readonly from_version: string | null;
  readonly to_version: string | null;
  readonly promotion_id: string | null;
  readonly break_glass: readonly string[];
  readonly at: string;
}

/** What a promotion's change names, as the record has it. */
interface StandsOn {
  readonly approvals: readonly ApprovalRow[];
  readonly glass: readonly GlassRow[];
  readonly rechecks: ReadonlyMap<number, VerdictRow>;
}

type Change = Pick<TrailEvent, 'seq' | 'at' | 'actor' | 'detail'>;

const CHANGES = `
  SELECT c.seq, c.key, c.kind, m.name AS model, c.from_version, c.to_version, c.promotion_id, c.envelope,
         c.decisions, c.break_glass, c.rechecks::text[] AS rechecks, c.record, c.at, c.windows,
         (SELECT max(b.seq) FROM production_change b WHERE b.model_id = c.model_id AND b.seq < c.seq) AS before
    FROM production_change c JOIN model_registry m ON m.id = c.model_id ORDER BY c.seq`;

/**
 * Compares every production change with its event and its own record: each of its four gates has the signed approval of
 * a person in the gate's group who neither registered nor requested the version, or somebody signed it as made by hand.
 */
export function changesBacking(db: Db, about: { told: Told; people: People; policies: Policies }): Backing {
  const { told, people, policies } = about;
  const changes = new Map<string, Change>();
  return {
    take(events) {
      const made = events.filter(({ action }) => action === 'production.changed');
      return Promise.resolve(
        made.flatMap(({ seq, at, actor, subject, detail }) => {
          const again = changes.has(subject) ? [`event ${seq} is a second production change of ${subject}`] : [];
          changes.set(subject, { seq, at, actor, detail });
          return again;
        }),
      );
    },
    async finish() {
      const unseen = new Set(changes.keys());
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, CHANGES)) {
        const approvals = await approvalsOf(
          db,
          rows.map(({ seq }) => seq),
        );
        const glass = await glassOf(
          db,
          rows.filter(({ break_glass: named }) => named.length > 0).map(({ seq }) => seq),
        );
        const rechecks = await rechecksOf(db, rows);
        for (const row of rows) {
          unseen.delete(subjectOf(row));
          const fault = await faultOf(row, {
            approvals: approvals.get(row.seq) ?? [],
            glass: glass.get(row.seq) ?? [],
            rechecks,
          });
          if (fault !== undefined) faults.push(`production change of ${row.model} to ${row.to_version ?? 'none'}: ${fault}`);
        }
      }
      return [...faults, ...[...unseen].map((id) => `the production change of ${id} is on the trail and not on the record`)];
    },
  };

  async function faultOf(row: Row, { approvals, glass, rechecks }: StandsOn) {
    const event = changes.get(subjectOf(row));
    if (!event) return 'no event speaks of it';
    const { detail } = event;
    if (!isSpokenOf(row, event)) return `event ${event.seq} speaks of another change`;
    const { model, to_version: version, promotion_id: promotion } = row;
    if (row.kind === 'automatic') return await automaticFault(db, row, event);
    if (promotion === null || version === null) return byHandFault(row, event);
    const is = told.versions.get(`${model}/${version}`);
    const requestedBy = told.attempts.get(promotion)?.requestedBy ?? '';
    const [artifactDigest, registeredBy] = [is?.artifactDigest ?? '', is?.registeredBy ?? ''];
    const { evidence, policy, approvals: named, relaxed, breakGlass } = detail;
    const approved = {
      says: { promotion, model, version, artifact_digest: artifactDigest, evidence_digest: evidence, policy_digest: policy },
      barred: new Set([registeredBy, ...attemptsOf(told, model, version).map((each) => each.requestedBy)]),
      policy: policies.factsOf(textOf(policy)),
      named: row.decisions.length,
      seq: event.seq,
    };
    return (
      (await unapproved(approvals, approved, people)) ??
      (await glassFault(glass, glassSaid(breakGlass), approved, people)) ??
      recordFault({
        record: row.record,
        artifactDigest,
        says: {
          approvals: named,
          breakGlass,
          artifactDigest,
          featureHash: is?.featureHash ?? '',
          evidenceDigest: evidence,
          policyDigest: policy,
          relaxed,
          requestedBy,
          registeredBy,
        },
        evidence,
        digest: detail['record'],
        rechecks: row.rechecks.flatMap((id) => rechecks.get(Number(id)) ?? []),
        named: row.rechecks.length,
      })
    );
  }
}

function subjectOf({ promotion_id: promotion, key }: Row): string {
  return promotion ?? key;
}

function isSpokenOf(row: Row, event: Change): boolean {
  const { model, from, to, kind, approvals, breakGlass } = event.detail;
  const same = model === row.model && from === row.from_version && to === row.to_version && kind === row.kind;
  const named = envelopesIn(approvals).toSorted().join() === row.decisions.toSorted().join();
  const glass = envelopesIn(breakGlass).toSorted().join() === row.break_glass.toSorted().join();
  const { promotion_id: promotion, key } = row;
  const isOfKind =
    (promotion === null) === (kind !== 'promotion') && (promotion === null || key === promotionChangeKey(promotion));
  return same && named && glass && isOfKind && isTimeOf(row.at, event);
}

function envelopesIn(value: JsonValue | undefined): string[] {
  if (!Array.isArray(value)) return [];
  return (value as ({ envelope?: JsonValue } | null)[]).map((approval) => textOf(approval?.envelope));
}

async function rechecksOf(db: Db, changes: readonly Row[]): Promise<Map<number, VerdictRow>> {
  const { rows } = await db.query<VerdictRow & { id: number; promotion_id: string }>(
    `SELECT id, promotion_id, check_name, verdict, finding FROM check_result WHERE phase = 'recheck' AND id = ANY ($1)`,
    [changes.flatMap(({ rechecks }) => rechecks)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
