import type { Refusal } from './refusal.js';

/** What tells one human from another. */
export interface Identity {
  readonly email: string;
  readonly name: string;
  /** The thumbprint of their key; '' for none. */
  readonly key: string;
  /** Their account of an identity provider; '' for none. */
  readonly issuer: string;
  readonly subject: string;
}

/** Somebody on the record, revoked or not, with every key they ever had. */
export interface Known extends Omit<Identity, 'key'> {
  readonly keys: readonly string[];
  /** Every name they were ever enrolled under. */
  readonly names?: readonly string[];
}

const ADDRESS = /^[a-z0-9._%+-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const ONE_SCRIPT = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Armenian',
  'Georgian',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Telugu',
  'Thai',
  'Hangul}\\p{Script=Han',
  'Han}\\p{Script=Hiragana}\\p{Script=Katakana',
  'Han}\\p{Script=Bopomofo',
].map((scripts) => new RegExp(`^[\\p{Script=${scripts}}\\p{Script=Common}\\p{Script=Inherited}]+$`, 'u'));

/** Letters of other scripts that are drawn as Latin ones are, and what else passes for another at a glance. */
const LOOKS_LIKE: readonly (readonly [from: string, to: string])[] = [
  ['аαɑ', 'a'],
  ['вβь', 'b'],
  ['сϲ', 'c'],
  ['ԁ', 'd'],
  ['еεєҽ', 'e'],
  ['һнη', 'h'],
  ['іıιӏl|1!', 'i'],
  ['јϳ', 'j'],
  ['кκ', 'k'],
  ['мμ', 'm'],
  ['пո', 'n'],
  ['оοσ0օ', 'o'],
  ['рρ', 'p'],
  ['ѕ5', 's'],
  ['тτ', 't'],
  ['υս', 'u'],
  ['νѵ', 'v'],
  ['ѡω', 'w'],
  ['хχ', 'x'],
  ['уγү', 'y'],
  ['ζ', 'z'],
];
const LETTERS = new Map(LOOKS_LIKE.flatMap(([from, to]) => Array.from(from, (letter) => [letter, to] as const)));
const PAIRS: readonly (readonly [RegExp, string])[] = [
  [/rn/g, 'm'],
  [/vv/g, 'w'],
];

/** The mailbox that an address is delivered to: small letters, without its +tag. */
export function mailbox(email: string): string {
  const plain = email.normalize('NFKC').trim().toLowerCase();
  return plain.replace(/^([^@+]+)\+[^@]*@/, '$1@');
}

/** Whether two addresses are one person's. */
export function isSamePerson(one: string, other: string): boolean {
  return mailbox(one) === mailbox(other);
}

/** What a text looks like: two texts with one look cannot be told apart at a glance. */
export function look(text: string): string {
  const small = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const letters = Array.from(small, (letter) => LETTERS.get(letter) ?? letter).join('');
  const bare = letters.replace(/[^\p{L}\p{N}]/gu, '');
  return PAIRS.reduce((seen, [pair, one]) => seen.replace(pair, one), bare);
}

/** Why nobody is enrolled under this address or name, whoever is on the record already; undefined when neither is in the way. */
export function misleading({ email, name }: Pick<Identity, 'email' | 'name'>): Refusal | undefined {
  if (!ADDRESS.test(email) || email.includes('xn--')) {
    const allowed = 'name@domain in small ASCII letters, of a domain that is written in them';
    return { kind: 'rule', what: 'e-mail', given: email, allowed, next: 'ask for an address that cannot be mistaken' };
  }
  const isPlain = name.trim() === name && !/\s\s|\p{C}/u.test(name) && /\p{L}/u.test(name) && name === name.normalize('NFC');
  if (!isPlain || !ONE_SCRIPT.some((script) => script.test(name))) {
    const allowed = 'letters of one script, single spaces, nothing invisible';
    return { kind: 'rule', what: 'printed name', given: name, allowed, next: 'make the request again with people key --name' };
  }
  return undefined;
}

/**
 * Why enrolling somebody would make two persons of one human (rules §3), or undefined. Keys, accounts and mailboxes are one
 * person's for ever; who only looks like somebody else is enrolled when the administrators sign why these are two humans.
 */
export function notOnePerson(asked: Identity, people: readonly Known[], sameName: string): Refusal | undefined {
  const others = people.filter(({ email }) => email !== asked.email);
  const holder = asked.key === '' ? undefined : others.find(({ keys }) => keys.includes(asked.key));
  if (holder) return same('key', asked.key, `the key is or was that of ${holder.email}`, 'make a key of your own: people key');
  const isAccount = ({ issuer, subject }: Known): boolean => issuer === asked.issuer && subject === asked.subject;
  const account = asked.issuer === '' ? undefined : others.find(isAccount);
  if (account) return same('account', asked.subject, `the account is that of ${account.email}`, `enrol them as ${account.email}`);
  const boxed = others.find(({ email }) => isSamePerson(email, asked.email));
  if (boxed) return same('e-mail', asked.email, `its mailbox is that of ${boxed.email}`, `enrol them as ${boxed.email}`);
  if (sameName !== '') return undefined;
  const next = '--same-name "why these are two humans", by both administrators';
  const alike = others.find(({ email }) => look(email) === look(asked.email));
  if (alike) return same('e-mail', asked.email, `it looks like ${alike.email}`, next);
  const named = others.find(({ name, names = [] }) => [name, ...names].some((each) => look(each) === look(asked.name)));
  if (named) return same('printed name', asked.name, `it looks like that of ${named.email}, ${named.name}, now or before`, next);
  return undefined;
}

function same(what: string, given: string, why: string, next: string): Refusal {
  return { kind: 'rule', what: `one human is one person: ${what}`, given: `${given}; ${why}`, next };
}
