import { when } from '../../domain/times.js';
import { ENROLMENT_WAITS_MS, type WaitingHalf } from '../../domain/enrolment.js';
import { readConfig } from '../../platform/config.js';
import { enrollees, waitingHalves } from '../../platform/enrolment.js';
import { allPeople, keysOf, type Person, type PersonKey } from '../../platform/people.js';
import type { Outcome } from '../output.js';
import { openRecord } from '../record.js';
import { lines } from '../show/marks.js';
import { table } from '../table.js';
import { terminalOf, type Canvas } from '../terminal.js';

/** Everybody on the record, with every key they ever had, and the enrolments that wait for a second administrator. */
export async function listPeople(): Promise<Outcome> {
  const record = await openRecord(readConfig());
  try {
    const people = await allPeople(record.db);
    const emails = people.map(({ email }) => email);
    const keys = await keysOf(record.db, emails);
    const waiting = await waitingHalves(record.db, await enrollees(record.db));
    const document = {
      people: people.map((person) => personDocument(person, keys.get(person.email) ?? [])),
      waiting: waiting.map(waitingDocument),
    };
    return { document, text: textOf(people, waiting, terminalOf()) };
  } finally {
    await record.close();
  }
}

function personDocument(person: Person, keys: readonly PersonKey[]): object {
  const { email, printedName: name, groups, kid: key, publicKey, account, assurance, enrolledBy, enrolledAt, revokedAt } = person;
  return { email, name, groups, key, publicKey, account, assurance, enrolledBy, enrolledAt, revokedAt, keys };
}

function waitingDocument({ approver: by, at, says }: WaitingHalf) {
  const { email, name, member_of: groups, key, issuer, subject, same_name: sameName } = says;
  const account = issuer === '' ? null : { issuer, subject };
  const times = { at: new Date(at).toISOString(), until: new Date(at + ENROLMENT_WAITS_MS).toISOString() };
  return { email, name, groups: groups.split(','), key: key || null, account, sameName, by, ...times };
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
      half.key ?? half.account?.subject ?? null,
      `${half.by}, ${when(half.at)}${half.sameName && ` (same name: ${half.sameName})`}`,
      when(half.until),
    ]);
  const heading = ['', ...lines('', 'Waiting for a second administrator (gatehouse people enrol):', on)];
  return [all, ...heading, table(['E-MAIL', 'NAME', 'GROUPS', 'KEY', 'ASKED BY', 'LAPSES'], open, on)].join('\n');
}
