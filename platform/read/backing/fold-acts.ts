import type { JsonValue } from '../../../domain/canonical.js';
import type { TrailEvent } from '../audit-trail.js';
import { DECISIONS } from './acts-said.js';
import { momentOf, textOf } from './backing.js';
import { KINDS } from './soak-acts.js';
import type { Told } from './told.js';

/** A decision at a gate, behind those before it. */
export function decided({ acts }: Told, event: TrailEvent): string[] {
  const { action, actor: person, subject, detail } = event;
  const decision = DECISIONS[action];
  if (!acts || !decision) return [];
  const { envelope, gate, round = 0 } = detail;
  const made = { envelope: textOf(envelope), gate: textOf(gate), round, decision, person, made: momentOf(event) };
  push(acts.decisions, subject, made);
  return [];
}

/** The approvals that brought a version into production. */
export function passed({ acts }: Told, { detail: { approvals } }: TrailEvent): void {
  if (!acts || !Array.isArray(approvals)) return;
  for (const approval of approvals as ({ [name: string]: JsonValue } | null)[]) acts.passed.add(textOf(approval?.['envelope']));
}

/** A round that the record opened by itself, behind those before it. */
export function rounded({ acts }: Told, event: TrailEvent): void {
  const { to, reason, what } = event.detail;
  const round = { round: Number(to), reason: textOf(reason), what: textOf(what), opened: momentOf(event) };
  if (acts) push(acts.rounds, event.subject, round);
}

/** What somebody did to a soak, behind what was done before. */
export function soakActed({ acts }: Told, event: TrailEvent): string[] {
  const { action, actor: person, subject, detail } = event;
  const kind = KINDS[action];
  if (!acts || !kind) return [];
  const [byMs, reason] = [Number(detail['by_ms'] ?? 0), textOf(detail['reason'])];
  push(acts.soaks, subject, { kind, byMs, person, reason, made: momentOf(event) });
  return [];
}

/** The quarantine of the version that a rollback left, by hand or by itself, as the record words it. */
export function quarantined({ acts }: Told, { actor, detail }: TrailEvent): void {
  const { kind, model, from, to, reason } = detail;
  if ((kind !== 'rollback' && kind !== 'automatic') || typeof from !== 'string') return;
  acts?.quarantines.set(`${textOf(model)}/${from}`, `rolled back to ${textOf(to)} by ${actor}: ${textOf(reason)}`);
}

/** The end of a quarantine. */
export function released({ acts }: Told, { subject }: TrailEvent): string[] {
  acts?.quarantines.delete(subject);
  return [];
}

function push<T>(all: Map<string, T[]>, name: string, one: T): void {
  const before = all.get(name);
  if (before) before.push(one);
  else all.set(name, [one]);
}
