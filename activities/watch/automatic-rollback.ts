import { GATEHOUSE } from '../../domain/audit.js';
import { decideRollback, type RecordedWindow, type RollbackDecision } from '../../domain/automatic-rollback.js';
import { canonicalJson } from '../../domain/canonical.js';
import { automaticKey } from '../../domain/ids.js';
import { incidentChanges, type Standing } from '../../domain/incidents.js';
import type { Notice } from '../../domain/notice.js';
import { rollbackTargets, type RollbackSituation } from '../../domain/rollback.js';
import { nextAuditBody } from '../../platform/audit.js';
import { inTransaction, type Tx } from '../../platform/pool.js';
import {
  incidentsOf,
  newestWindows,
  versionsInService,
  windowDigest,
  type InService,
  type LiveWindow,
  type WindowText,
} from '../../platform/read/live.js';
import { readSituation } from '../../platform/read/production.js';
import { classify, loggable } from '../failures.js';
import { sendOut, writeNotices } from '../notify/notices.js';
import { damageOf } from '../registry/damage.js';
import type { Deps } from '../registry/deps.js';
import { openAttempts } from '../registry/open-attempts.js';
import { writeIncidents } from './incidents.js';

interface Outcome {
  readonly isBack: boolean;
  readonly notices: readonly string[];
  /** The attempts whose runs have to hear of it; undefined where nothing was changed. */
  readonly nudge?: readonly string[];
}

/**
 * Takes production back where the record, read under the model's lock, says that this is due (rules §5), in one transaction; tells
 * people and starts what follows after it. Answers whether the version has left production. Safe to run again.
 */
export async function rollBackWhereDue(deps: Deps, { changeKey, changeSeq, model }: InService): Promise<boolean> {
  const decided = inTransaction(deps.pool, async (tx): Promise<Outcome> => {
    await tx.query('SELECT lock_model($1)', [model]);
    const [watched] = await versionsInService(tx, { changeKey });
    if (!watched) return { isBack: true, notices: [] };
    const windows = await newestWindows(tx, changeKey, Math.max(1, watched.policy.rollback.windows));
    const { situation, damage } = await wholeTargets(deps, tx, await readSituation(tx, model), { model, windows });
    const restoredAt = watched.changeKind === 'automatic' ? watched.since : null;
    const judged = decideRollback({ windows: windows.map(recorded), now: watched.now, situation, restoredAt }, watched.policy);
    if (judged.kind === 'due') return await takeBack(tx, watched, judged);
    // Windows that are too old to act on are no all-clear either.
    const isOpen = judged.kind === 'none' && windows[0]?.severity === 'rollback';
    return { isBack: false, notices: isOpen ? [] : await tellOfNoRollback(tx, watched, judged, damage) };
  });
  const { isBack, notices, nudge } = await decided.catch((error: unknown): Outcome => {
    // What the record does not bear out must not keep the watch from seeing what is so.
    if (!['fact-missing', 'conflict'].includes(classify(error))) throw error;
    deps.log('error', 'the record refuses a rollback that its windows ask for', { changeKey, ...loggable(error) });
    return { isBack: false, notices: [] };
  });
  if (nudge) {
    await deps.runs.follow({ key: automaticKey(changeSeq), model }).catch((error: unknown) => {
      deps.log('warn', 'what follows an automatic rollback could not be started yet', { changeKey, ...loggable(error) });
    });
    for (const promotionId of nudge) await deps.runs.nudge(promotionId).catch(() => undefined);
  }
  await sendOut(deps, notices);
  return isBack;
}

function recorded({ id, from, to, figures }: LiveWindow): RecordedWindow {
  return { id: String(id), from, to, conditions: figures.conditions };
}

/**
 * The situation without the versions whose artifacts do not match (promises R25: the next older verified version), which are looked
 * at only where a rollback may be due; and what is wrong with those.
 */
async function wholeTargets(
  deps: Deps,
  tx: Tx,
  situation: RollbackSituation,
  { model, windows }: { readonly model: string; readonly windows: readonly LiveWindow[] },
): Promise<{ situation: RollbackSituation; damage: readonly string[] }> {
  if (windows[0]?.severity !== 'rollback') return { situation, damage: [] };
  const damage = new Map<string, string>();
  for (const version of rollbackTargets(situation)) {
    const found = await damageOf(deps, tx, model, version);
    if (found.length === 0) break;
    damage.set(version, `the artifacts of ${version} do not match: ${found.join('; ')}`);
  }
  const former = situation.former.filter(({ version }) => !damage.has(version));
  return { situation: { ...situation, former }, damage: [...damage.values()] };
}

async function takeBack(tx: Tx, watched: InService, due: Extract<RollbackDecision, { kind: 'due' }>): Promise<Outcome> {
  const { model, version: from, changeSeq, policy } = watched;
  const { to, windows, condition, why } = due;
  const key = automaticKey(changeSeq);
  const reason = `rolled back to ${to} by ${GATEHOUSE}: ${why}`;
  const breached = await tx.query<WindowText & { id: number }>(
    'SELECT id, from_at, to_at, verdict, severity, reason, figures FROM performance_window WHERE id = ANY ($1) ORDER BY id DESC',
    [windows],
  );
  const named = breached.rows.map(({ id, ...window }) => ({ id, digest: windowDigest(window) }));
  const said = { kind: 'automatic', model, from, to, reason: why, condition, windows: named, policy: watched.policyDigest };
  const record = canonicalJson(said);
  const nudge = await openAttempts(tx, model);
  const body = await nextAuditBody(tx, {
    action: 'production.changed',
    actor: GATEHOUSE,
    subject: key,
    detail: said,
  });
  await tx.query('SELECT change_production_automatic($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
    key,
    model,
    from,
    to,
    windows,
    reason,
    record,
    policy.retention.years,
    body,
  ]);
  const incident = (await incidentsOf(tx, watched.changeKey)).open.find((open) => open.condition === condition);
  const news: Notice = {
    key: `${key}/changed`,
    kind: 'production-changed',
    subject: key,
    audience: ['on_call', 'stakeholders', 'mlops', 'ds-team', 'devops'],
    title: `${model} is rolled back from ${from} to ${to}`,
    body: `Nobody had to ask for it: ${why}. ${from} is quarantined until somebody releases it.`,
    severity: 'critical',
    ...(incident && { page: { action: 'acknowledge', incident: incident.id } }),
  };
  return { isBack: true, notices: await writeNotices(tx, [news]), nudge };
}

/** Rules §5: "With nothing to roll back to, it pages and keeps paging by policy. It does not pretend." */
async function tellOfNoRollback(
  tx: Tx,
  watched: InService,
  judged: RollbackDecision,
  damage: readonly string[],
): Promise<string[]> {
  const before = await incidentsOf(tx, watched.changeKey);
  const cannot = judged.kind === 'no-target' || judged.kind === 'needs-person';
  const next = judged.kind === 'no-target' ? ['gatehouse release lets a quarantined version go'] : [];
  const what = cannot ? [judged.why, ...damage, ...next].join('; ') : 'no rollback is due any more';
  const standing: Standing = { condition: 'no-rollback', severity: cannot ? 'rollback' : 'none', known: true, what };
  const notices = await writeIncidents(tx, watched, incidentChanges(before, [standing], new Set(['no-rollback'])));
  const open = before.open.find(({ condition }) => condition === 'no-rollback');
  if (!open || !cannot) return notices;
  const again = Math.floor((watched.now - open.openedAt) / watched.policy.incidents.page_again);
  if (again === 0) return notices;
  const { model, version } = watched;
  const page: Notice = {
    key: `incident/${open.id}/page/${again}`,
    kind: 'incident',
    subject: open.id,
    model,
    version,
    audience: ['on_call', 'mlops', 'devops'],
    title: `${model} ${version} should not serve and cannot be rolled back by itself`,
    body: what,
    severity: 'critical',
    page: { action: 'trigger', incident: `${open.id}/page/${again}` },
  };
  return [...notices, ...(await writeNotices(tx, [page]))];
}
