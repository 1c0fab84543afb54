import { GATEHOUSE } from '../../domain/audit.js';
import type { FollowUpStep } from '../../domain/follow-ups.js';
import type { Notice } from '../../domain/notice.js';
import { appendAudit } from '../../platform/audit.js';
import { inTransaction } from '../../platform/pool.js';
import { BadInput } from '../failures.js';
import { archivePrevious } from '../follow-up/archive-previous.js';
import { updateDashboards } from '../follow-up/dashboards.js';
import { closeIncidents } from '../follow-up/incidents.js';
import { scheduleReview } from '../follow-up/performance-review.js';
import { confirmQuality } from '../follow-up/prediction-quality.js';
import { confirmHealth } from '../follow-up/service-health.js';
import { pointServing } from '../follow-up/serving.js';
import { tellStakeholders } from '../follow-up/stakeholders.js';
import type { Detail, Step } from '../follow-up/step.js';
import { startWatch } from '../follow-up/watch.js';
import { sendOut, writeNotices } from '../notify/notices.js';
import { changeMade, type MadeChange } from './change-made.js';
import type { Deps } from './deps.js';

const STEPS: Readonly<Record<FollowUpStep, Step>> = {
  serving: pointServing,
  'service-health': confirmHealth,
  'prediction-quality': confirmQuality,
  watch: startWatch,
  dashboards: updateDashboards,
  'performance-review': scheduleReview,
  'archive-previous': archivePrevious,
  stakeholders: tellStakeholders,
  incidents: closeIncidents,
};

/** Which steps of which change: one, as runs of before asked, or some that are taken side by side. */
export type FollowUpInput = { readonly changeKey: string } & ({ readonly step: string } | { readonly steps: readonly string[] });

/**
 * Steps after a production change, whoever made it (rules §5 and §7); each is recorded once, however often it runs, and fails for itself:
 * what is done stays done when another has to be tried again.
 */
export function createFollowUp(deps: Deps) {
  return async function followUp(input: FollowUpInput): Promise<void> {
    const steps = 'steps' in input ? input.steps : [input.step];
    const taken = await Promise.allSettled(steps.map((step) => takeStep(input.changeKey, step)));
    const failed = taken.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
  };

  async function takeStep(key: string, step: string): Promise<void> {
    if (!isStep(step)) throw new Error(`this release has no follow-up step ${JSON.stringify(step)}`);
    const change = await changeMade(deps.pool, key);
    if (!change) throw new BadInput(`no production change ${JSON.stringify(key).slice(0, 200)}`);
    if (change.stepsDone.includes(step) || !change.followUps.includes(step)) return;
    const take = await STEPS[step](deps, change);
    const notices = await inTransaction(deps.pool, async (tx) => {
      const { outcome, detail, audit, notices: told = [], written = [] } = await take(tx);
      const { rowCount } = await tx.query(
        `INSERT INTO follow_up (change_key, step, outcome, detail, at) VALUES ($1, $2, $3, $4, gatehouse_now()) ON CONFLICT DO NOTHING`,
        [key, step, outcome, JSON.stringify(detail)],
      );
      if (rowCount !== 1) throw new AlreadyTaken();
      const alarm = outcome === 'failed' ? [failedNotice(change, step, detail)] : [];
      const keys = [...written, ...(await writeNotices(tx, [...told, ...alarm]))];
      const subject = change.promotionId ?? key;
      if (audit !== null) await appendAudit(tx, { action: audit, actor: GATEHOUSE, subject, detail });
      return keys;
    }).catch((error: unknown) => {
      if (error instanceof AlreadyTaken) return [];
      throw error;
    });
    await sendOut(deps, notices);
  }
}

/** Another delivery of the step was faster: what this one has written is undone. */
class AlreadyTaken extends Error {
  override readonly name = 'AlreadyTaken';
}

function isStep(step: string): step is FollowUpStep {
  return Object.hasOwn(STEPS, step);
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
