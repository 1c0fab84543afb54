import type { Stage } from '../../domain/progress.js';
import { when } from '../../domain/times.js';
import type { Status, VersionStatus } from '../../platform/read/status.js';
import type { StatusAt, VersionAt } from '../../platform/read/status-at.js';
import { brief, roomFor, table, type Cell } from '../table.js';
import type { Canvas } from '../terminal.js';
import { attemptLines, failedLines, failedSteps, goingOnLines, isOpen, type LinkTo } from './attempt.js';
import { lines, toned, type Tone } from './marks.js';
import { incidentLines, watchLines } from './watch.js';

/** A review of how a version does is nobody's worry before this; in a break-glass somebody has to look at once. */
const REVIEW_AHEAD_MS = 7 * 24 * 60 * 60 * 1_000;

/** What `status` shows: each model with its versions, and what each open attempt waits for. */
export function statusLines(found: Status | StatusAt, on: Canvas, linkTo: LinkTo): readonly string[] {
  const { models } = found;
  const ending = lines('', endingOf(found), on, on.paint.dim);
  if (models.length === 0 && 'upTo' in found) return [...lines('', 'Nothing was registered yet.', on), ...ending];
  if (models.length === 0) {
    const next = 'Next: gatehouse register DIR --approver E, where DIR holds model.yaml; or gatehouse demo.';
    return lines('', `Nothing is registered yet. ${next}`, on);
  }
  const shown = models.flatMap(({ model, production, watch, incidents, frozen, reviews, versions }) => {
    const heading = `${model}: ${production === null ? 'nothing in production' : `${production} in production`}`;
    const rows = versions.map((version) => row(version, on));
    const attempts = versions.flatMap((version) => versionLines(version, on, linkTo));
    const versionTable = table(['VERSION', 'STAGE', 'SINCE', 'NOTE'], rows, on).split('\n');
    const held = frozen.flatMap(({ kind, model: of, since: at, by, reason }) =>
      lines('', `${kind ? 'HELD' : 'FROZEN'} ${of ?? 'all models'} since ${when(at)} by ${by}: ${reason}`, on, on.paint.yellow),
    );
    const soon = reviews.filter(({ kind, dueAt }) => kind !== 'performance' || isSoon(dueAt, found.asOf));
    const owed = soon.flatMap(({ kind, subject, owner, dueAt }) =>
      lines('', `REVIEW of ${kind} ${subject} by ${owner} due ${when(dueAt)}`, on, on.paint.yellow),
    );
    const watched = [...(watch ? watchLines(watch, on) : []), ...incidentLines(incidents, on)];
    return [...lines('', heading, on, on.paint.bold), ...watched, ...held, ...owed, ...versionTable, ...attempts, ''];
  });
  return [...shown, ...ending];
}

function isSoon(dueAt: string, asOf: string): boolean {
  return Date.parse(dueAt) - Date.parse(asOf) <= REVIEW_AHEAD_MS;
}

function endingOf(found: Status | StatusAt): string {
  const asOf = `as of ${when(found.asOf)}`;
  return 'upTo' in found ? `${asOf}, from the audit trail up to event ${found.upTo.seq}` : asOf;
}

/** What there is to say of a version besides its row: its open attempt, and what failed after its last production change. */
function versionLines(
  { version, stage, promotion, followUps, followUpsOpen }: VersionStatus | VersionAt,
  on: Canvas,
  linkTo: LinkTo,
): readonly string[] {
  const failed = [...failedLines(followUps ?? [], on), ...goingOnLines(followUpsOpen ?? [], on)];
  if (promotion && isOpen(promotion)) return ['', ...attemptLines(version, promotion, on, linkTo), ...failed];
  return failed.length === 0 ? [] : ['', ...lines('  ', `${version} ${stage}`, on, on.paint.bold), ...failed];
}

const TONES: Readonly<Partial<Record<Stage, Tone>>> = {
  production: 'good',
  validating: 'open',
  staging: 'open',
  rejected: 'bad',
  expired: 'bad',
};

function row(version: VersionStatus | VersionAt, on: Canvas): Cell[] {
  const stage = { text: version.stage, paint: toned(TONES[version.stage] ?? 'plain', on) };
  return [version.version, stage, when(since(version)), notesOn(version, on)];
}

function since({ stage, registeredAt, stagedAt, promotedAt, deprecatedAt, promotion }: VersionStatus | VersionAt): string {
  switch (stage) {
    case 'registered':
      return registeredAt;
    case 'validating':
      return promotion?.requestedAt ?? registeredAt;
    case 'staging':
      return stagedAt ?? registeredAt;
    case 'production':
      return promotedAt ?? registeredAt;
    case 'archived':
    case 'deleted':
      return deprecatedAt ?? registeredAt;
    default:
      return promotion?.endedAt ?? registeredAt;
  }
}

/** What is worth knowing of a version at a glance; how its attempt ended is said here, since only open attempts have lines of their own. */
function notesOn({ stage, retentionUntil, quarantine, promotion, followUps }: VersionStatus | VersionAt, on: Canvas): string {
  if (!promotion) return 'next: gatehouse promote';
  const relaxed = promotion.relaxed.length > 0 ? [`relaxed: ${promotion.relaxed.join(', ')}`] : [];
  const failed = failedSteps(followUps ?? []).map(({ step }) => `follow-up ${step} failed`);
  const barred = quarantine === null ? [] : ['quarantined'];
  const kept = stage === 'archived' && retentionUntil !== null ? [`kept until ${when(retentionUntil)} at least`] : [];
  // A version that a rollback brought back keeps its ended attempt.
  // Why it is quarantined is how it left last, whatever ended its attempt before.
  const left = quarantine ?? promotion.endReason;
  const ended = left === null || stage === 'production' ? [] : [left];
  return brief([...relaxed, ...failed, ...barred, ...ended, ...kept].join('; '), roomFor(on));
}
