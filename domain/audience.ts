import type { Policy } from './policy.js';

/** Somebody enrolled, as far as messages have to know. */
export interface Reachable {
  readonly email: string;
  readonly groups: readonly string[];
}

/** Where the messages for an audience go. */
export interface Addresses {
  /** In the order in which the audience names them, each once. */
  readonly emails: readonly string[];
  readonly slack: string | null;
  readonly onCall: string | null;
}

/** Who is told where nobody of an audience has an address. */
const STAKEHOLDERS = 'stakeholders';

/**
 * The addresses behind an audience of groups, people and names of `contacts`: a contact counts before the members of a group of its
 * name, a contact may name others, and where none of them has an address the stakeholders are told.
 */
export function addressesOf(audience: readonly string[], contacts: Policy['contacts'], people: readonly Reachable[]): Addresses {
  const emails = emailsOf(audience, contacts, people);
  return {
    emails: emails.length > 0 ? emails : emailsOf([STAKEHOLDERS], contacts, people),
    slack: valuesOf(contacts, 'slack')[0] ?? null,
    onCall: valuesOf(contacts, 'on_call').join(', ') || null,
  };
}

function emailsOf(names: readonly string[], contacts: Policy['contacts'], people: readonly Reachable[]): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const resolve = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    if (name.includes('@')) found.add(name);
    else if (Object.hasOwn(contacts, name)) valuesOf(contacts, name).forEach(resolve);
    else for (const { email, groups } of people) if (groups.includes(name)) found.add(email);
  };
  names.forEach(resolve);
  return [...found];
}

function valuesOf(contacts: Policy['contacts'], name: string): readonly string[] {
  const value = Object.hasOwn(contacts, name) ? contacts[name] : undefined;
  return typeof value === 'string' ? [value] : (value ?? []);
}
