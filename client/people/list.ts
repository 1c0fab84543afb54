import { when } from '../../domain/times.js';
import { ENROLMENT_WAITS_MS, type WaitingHalf } from '../../domain/enrolment.js';
import { readConfig } from '../../platform/config.js';
import { enrollees, waitingHalves } from '../../platform/enrolment.js';
import { allPeople, type Person } from '../../platform/people.js';
import { readTrust } from '../../platform/read/trust.js';
import type { Outcome } from '../output.js';
import { openRecord } from '../record.js';
import { lines } from '../show/marks.js';
import { table } from '../table.js';
import { terminalOf, type Canvas } from '../terminal.js';

/**
 * Everybody on the record, with every key they ever had, and the enrolments that wait for a second administrator. The document is
 * also the list of people that a serving system keeps.
 */
export async function listPeople(): Promise<Outcome> {
  const record = await openRecord(readConfig());
  try {
    const people = await allPeople(record.db);
    const trust = await readTrust(record.db);
    const waiting = await waitingHalves(record.db, await enrollees(record.db));
    const document = {
      ...trust,
      people: trust.people.map((known) => ({ ...known, ...enrolmentOf(people.find(({ email }) => email === known.email)) })),
      waiting: waiting.map(waitingDocument),
    };
    return { document, text: textOf(people, waiting, terminalOf()) };
  } finally {
    await record.close();
  }
}

function enrolmentOf(person: Person | undefined): object {
  return person ? { enrolledBy: person.enrolledBy, enrolledAt: person.enrolledAt } : {};
}

function waitingDocument({ approver: by, at, says }: WaitingHalf) {
  const { email, name, member_of: groups, key: kid, issuer, subject, same_name: sameName } = says;
  const account = issuer === '' ? null : { issuer, subject };
  const times = { at: new Date(at).toISOString(), until: new Date(at + ENROLMENT_WAITS_MS).toISOString() };
  return { email, name, groups: groups.split(','), kid: kid || null, account, sameName, by, ...times };
}

function textOf(people: readonly Person[], waiting: readonly WaitingHalf[], on: Canvas): string {
  const rows = people.map((person) => [
    person.email,
    person.printedName,
    person.groups.join(', '),
    person.kid ?? (person.account ? `${person.account.subject} at ${person.account.issuer}` : null),
    person.assurance,
    `${person.enrolledBy}, ${when(person.enrolledAt)}`,
    person.revokedAt === null ? null : when(person.revokedAt),
  ]);
  const all = table(['E-MAIL', 'NAME', 'GROUPS', 'KEY', 'ASSURANCE', 'ENROLLED BY', 'REVOKED'], rows, on);
  if (waiting.length === 0) return all;
  const open = waiting
    .map(waitingDocument)
    .map((half) => [
      half.email,
      half.name,
      half.groups.join(', '),
      half.kid ?? half.account?.subject ?? null,
      `${half.by}, ${when(half.at)}${half.sameName && ` (same name: ${half.sameName})`}`,
      when(half.until),
    ]);
  const heading = ['', ...lines('', 'Waiting for a second administrator (gatehouse people enrol):', on)];
  return [all, ...heading, table(['E-MAIL', 'NAME', 'GROUPS', 'KEY', 'ASKED BY', 'LAPSES'], open, on)].join('\n');
}
