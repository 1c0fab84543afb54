import type { Condition } from '../../domain/eligibility.js';
import { lasting, when } from '../../domain/times.js';
import type { Check } from '../../platform/read/check.js';

const MINUTE_MS = 60_000;

/** The answer of `check` in one sentence: why not yet, who can, and when at the earliest. */
export function headline(found: Check): string {
  const { model, version, stage, eligible, endReason } = found;
  const name = `${model} ${version}`;
  const why = endReason === null ? '' : `: ${endReason}`;
  switch (stage) {
    case 'production':
      return `${name} is in production.`;
    case 'staging':
      return eligible ? `${name} can go into production now, and goes by itself.` : inStaging(name, found);
    case 'registered':
      return `${name} is registered; nobody has asked for a promotion yet.`;
    case 'validating':
      return `${name} is in its checks; the soak and the gates follow in staging.`;
    case 'rejected':
    case 'withdrawn':
    case 'expired':
      return `${name} cannot go into production: its attempt ended ${stage}${why}. Somebody has to ask for a new one.`;
    case 'archived':
    case 'deleted':
      return `${name} cannot go into production: it is ${stage}${why}.`;
  }
}

function inStaging(name: string, { earliest, minimumEndsAt, asOf, attemptEndsAt, conditions }: Check): string {
  const soak = conditions.find(({ kind }) => kind === 'soak');
  const freeze = conditions.find(({ kind, verdict }) => kind === 'freeze' && verdict !== 'pass');
  if (freeze && (earliest === null || freeze.who !== 'time'))
    return `${name} cannot go into production while promotions are frozen: ${freeze.measured ?? 'nobody knows why'}.`;
  if (earliest === null) return `${name} cannot go into production yet: ${soak?.measured ?? 'its soak has not begun'}.`;
  const aheadMs = Date.parse(earliest) - Date.parse(asOf);
  // What is ready does not expire in a freeze window.
  if (attemptEndsAt !== null && minimumEndsAt !== null && Date.parse(minimumEndsAt) > Date.parse(attemptEndsAt)) {
    return `${name} cannot go into production in this attempt: it ends ${when(attemptEndsAt)}, and the soak minimum cannot be over before ${when(minimumEndsAt)}.`;
  }
  const moment = aheadMs <= 0 ? 'now' : `${when(earliest)}, in ${lasting(Math.ceil(aheadMs / MINUTE_MS) * MINUTE_MS)},`;
  const provided = [
    ...gatesToApprove(conditions),
    ...asked(conditions),
    ...failures(conditions),
    ...(aheadMs > 0 ? ['staging stays healthy'] : []),
  ];
  const ifs = provided.length === 0 ? '' : ` if ${provided.join(' and ')}`;
  return `${name} can go into production at the earliest ${moment}${ifs}`.replace(/,?$/, '.');
}

function gatesToApprove(conditions: readonly Condition[]): string[] {
  const open = conditions.filter(({ kind, verdict }) => kind === 'gate' && verdict !== 'pass').map(({ id }) => id);
  if (open.length === 0) return [];
  if (open.length === 1) return [`gate ${open[0]} approves`];
  return [`gates ${open.slice(0, -1).join(', ')} and ${open.at(-1)} approve`];
}

function asked(conditions: readonly Condition[]): string[] {
  const isMissing = conditions.some(({ kind, verdict }) => kind === 'request' && verdict !== 'pass');
  return isMissing ? ['somebody who has the right asks for it'] : [];
}

function failures(conditions: readonly Condition[]): string[] {
  const failing = conditions.filter(({ kind, verdict }) => kind === 'check' && (verdict === 'fail' || verdict === 'error'));
  return failing.map(({ id }) => `${id} passes when it is tried again`);
}
