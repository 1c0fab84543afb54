import { isAskedFor, type Attempt } from './attempt.js';
import { foldGates } from './gates.js';
import { isHeld, missing } from './lifecycle.js';
import type { Notice } from './notice.js';
import { openPause } from './pause.js';
import { formatDuration } from './quantity.js';
import { maximumEndsAt } from './soak.js';
import { voidNotices, voidToTell } from './void-notices.js';

interface Planned {
  readonly at: number;
  /** What it is about; of several about one thing that are due at once, the last says it all. */
  readonly about: string;
  readonly notice: Notice;
}

/** The notices an attempt owes now, for rules §1 and §3: those that are due and not told yet. */
export function dueNotices(attempt: Attempt): Notice[] {
  const due = plannedNotices(attempt).filter(({ at }) => at <= attempt.now);
  return latestOfEach(due).filter(({ key }) => !attempt.told.includes(key));
}

/** When the next notice will be due, in epoch milliseconds; null when none will. */
export function nextNoticeAt(attempt: Attempt): number | null {
  const later = plannedNotices(attempt).filter(({ at, notice }) => at > attempt.now && !attempt.told.includes(notice.key));
  return later.length > 0 ? Math.min(...later.map(({ at }) => at)) : null;
}

function plannedNotices(attempt: Attempt): Planned[] {
  if (attempt.state === 'staging') return [...soakReminders(attempt), ...gateReminders(attempt), ...voided(attempt)];
  return attempt.state === 'rejected' || attempt.state === 'expired' || attempt.state === 'withdrawn' ? [ended(attempt)] : [];
}

function latestOfEach(due: readonly Planned[]): Notice[] {
  const latest = new Map<string, Planned>();
  for (const each of [...due].sort((one, other) => one.at - other.at)) {
    latest.set(each.about, each);
  }
  return [...latest.values()].map(({ notice }) => notice);
}

/** Rules §1: "reminders go out before (default 48 h and 12 h)"; while a pause is open the end moves on and nothing is near. */
function soakReminders(attempt: Attempt): Planned[] {
  const { soak, policy, now, promotionId: subject, model, version, requestedBy } = attempt;
  const lacks = missing(attempt);
  // What only waits for a freeze to end does not expire.
  if (!soak || openPause(soak.pauses) || lacks.length === 0 || isHeld(attempt)) return [];
  const end = maximumEndsAt(soak, now, policy);
  return policy.soak.remind_before
    .map((before) => ({ before, at: end - before }))
    .filter(({ at }) => at > soak.startedAt)
    .map(({ before, at }) => ({
      at,
      about: 'soak-ends',
      notice: {
        // The same reminder before another end is another reminder.
        key: `${subject}/soak-ends/${iso(end)}/${formatDuration(before)}`,
        kind: 'soak-ends',
        subject,
        audience: isAskedFor(attempt) ? [requestedBy] : policy.rights.promote,
        title: `${model} ${version} expires at ${iso(end)}`,
        body: `Still missing: ${lacks.join(', ')}. gatehouse extend moves the end.`,
      },
    }));
}

/** Rules §3: "a gate that nobody has answered reminds its group, then its escalation group". */
function gateReminders(attempt: Attempt): Planned[] {
  const { now, stagedAt, roundAt, policy, promotionId: subject, model, version, decisions } = attempt;
  if (stagedAt === null) return [];
  const voidOnes = voidToTell(attempt);
  return foldGates(attempt)
    .filter(({ state }) => state === 'open' || state === 'void')
    .flatMap(({ gate }) => {
      const { group, asks } = policy.gates[gate];
      const touched = decisions.filter((decision) => decision.gate === gate).map(({ at }) => at);
      const toldVoid = voidOnes
        .filter(({ decision }) => decision.gate === gate)
        .map(({ decision }) => decision.toldVoidAt ?? now);
      // A new round opens every gate anew, and so does what makes its approval void.
      const since = Math.max(stagedAt, roundAt ?? 0, ...touched, ...toldVoid);
      const notice = (kind: 'gate-unanswered' | 'gate-escalated', to: string): Notice => ({
        key: `${subject}/${kind}/${gate}/${iso(since)}`,
        kind,
        subject,
        audience: [to],
        title: `${model} ${version} waits for gate ${gate}`,
        body: `Open since ${iso(since)} for group ${group}, which attests: ${asks}. gatehouse pending --gate ${gate}`,
      });
      return [
        { at: since + policy.reminders.gate, about: `${gate} reminder`, notice: notice('gate-unanswered', group) },
        {
          at: since + policy.reminders.escalate,
          about: `${gate} escalation`,
          notice: notice('gate-escalated', policy.reminders.escalation),
        },
      ];
    });
}

function voided(attempt: Attempt): Planned[] {
  return voidNotices(attempt).map((notice) => ({ at: attempt.now, about: notice.key, notice }));
}

function ended({ promotionId: subject, model, version, state, endReason, requestedBy, now }: Attempt): Planned {
  return {
    at: now,
    about: 'end',
    notice: {
      key: `${subject}/${state}`,
      kind: 'attempt-ended',
      subject,
      audience: [requestedBy, 'stakeholders'],
      title: `${model} ${version} is ${state}`,
      body: endReason ?? 'no reason given',
    },
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
