import { GATEHOUSE, type AuditAction } from '../../domain/audit.js';
import { FOLLOW_UPS, type FollowUpStep } from '../../domain/follow-ups.js';
import { appendAudit } from '../../platform/audit.js';
import { inTransaction, type Tx } from '../../platform/pool.js';
import type { Notice } from '../../domain/notice.js';
import { BadInput } from '../failures.js';
import { sendOut, writeNotices } from '../notify/notices.js';
import { changeMade, productionOf, type MadeChange } from './change-made.js';
import { damageOf } from './damage.js';
import type { Deps } from './deps.js';

type Detail = { readonly [name: string]: string | null };

/** What a step came to; `audit` is null where nothing changed that anybody has to know. */
interface Outcome {
  readonly outcome: 'done' | 'failed';
  readonly detail: Detail;
  readonly audit: AuditAction | null;
}

const NOTHING_BEFORE: Detail = { previous: null };

const STEPS: Readonly<Record<FollowUpStep, (deps: Deps, tx: Tx, change: MadeChange) => Promise<Outcome>>> = {
  /** Points serving at what is in production now, which a later change may have made something else, and reads it back. */
  async serving({ serving }, tx, { key, model }) {
    await tx.query('SELECT lock_model($1)', [model]);
    const now = await productionOf(tx, model);
    const pointer = { model, version: now?.version ?? null, artifactDigest: now?.artifactDigest ?? null, change: key };
    await serving.point(pointer);
    const seen = await serving.read(model);
    if (seen?.version !== pointer.version || seen.artifactDigest !== pointer.artifactDigest)
      throw new Error(`${serving.name} points to ${seen?.version ?? 'nothing'}, not to ${pointer.version ?? 'nothing'}`);
    const { version, artifactDigest } = pointer;
    return { outcome: 'done', detail: { version, artifactDigest, target: serving.name }, audit: 'serving.pointed' };
  },

  /** Verifies the artifacts of the version that left production; its retention end was set with the change. */
  async 'archive-previous'(deps, tx, { model, from: previous, retentionUntil }) {
    if (previous === null) return { outcome: 'done', detail: NOTHING_BEFORE, audit: null };
    const damaged = await damageOf(deps, tx, model, previous);
    const isWhole = damaged.length === 0;
    const artifacts = isWhole ? 'match' : `damaged: ${damaged.join('; ')}`;
    return { outcome: isWhole ? 'done' : 'failed', detail: { previous, retentionUntil, artifacts }, audit: 'previous.archived' };
  },
};

/** One step after a production change, whoever made it (rules §7); recorded once, however often it runs. */
export function createFollowUp(deps: Deps) {
  return async function followUp(input: { changeKey: string; step: string }): Promise<void> {
    const { changeKey: key } = input;
    const step = FOLLOW_UPS.find((each) => each === input.step);
    if (!step) throw new Error(`this release has no follow-up step ${JSON.stringify(input.step)}`);
    const change = await changeMade(deps.pool, key);
    if (!change) throw new BadInput(`no production change ${JSON.stringify(key).slice(0, 200)}`);
    if (change.stepsDone.includes(step)) return;
    const notices = await inTransaction(deps.pool, async (tx) => {
      const { outcome, detail, audit } = await STEPS[step](deps, tx, change);
      const { rowCount } = await tx.query(
        `INSERT INTO follow_up (change_key, step, outcome, detail, at) VALUES ($1, $2, $3, $4, gatehouse_now()) ON CONFLICT DO NOTHING`,
        [key, step, outcome, JSON.stringify(detail)],
      );
      if (rowCount !== 1 || audit === null) return [];
      const subject = change.promotionId ?? key;
      const alarm = outcome === 'failed' ? await writeNotices(tx, [failedNotice(change, step, detail)]) : [];
      await appendAudit(tx, { action: audit, actor: GATEHOUSE, subject, detail });
      return alarm;
    });
    await sendOut(deps, notices);
  };
}

/** Rules §5: a failed step is an alert, not a silent end. */
function failedNotice({ key, model, promotionId }: MadeChange, step: string, detail: Detail): Notice {
  const told = Object.entries(detail).map(([name, value]) => `${name} ${value ?? 'none'}`);
  return {
    key: `${key}/${step}/failed`,
    kind: 'follow-up-failed',
    subject: promotionId ?? key,
    audience: ['on_call'],
    title: `${model}: ${step} failed after a production change`,
    body: told.join('; '),
  };
}
