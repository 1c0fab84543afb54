import { describe, expect, it } from 'vitest';
import {
  judgeEnrolment,
  judgeRevocation,
  type Enrollee,
  type EnrolmentFields,
  type WaitingHalf,
} from '../../domain/enrolment.js';
import { refusalLine } from '../../domain/refusal.js';

const who = (email: string, change: Partial<Enrollee> = {}): Enrollee => ({
  email,
  name: `Person ${email.split('@')[0] ?? ''}`,
  key: `key-of-${email}`,
  keys: [`key-of-${email}`],
  issuer: '',
  subject: '',
  groups: ['admin'],
  revoked: false,
  administers: true,
  ...change,
});
const alice = who('alice@example.com');
const bob = who('bob@example.com');
const people = [alice, bob];
const dana = who('dana@example.com', { groups: ['ds-team'], administers: false });
const says: EnrolmentFields = {
  email: 'carla@example.com',
  name: 'Carla Cole',
  member_of: 'security',
  key: 'new-key',
  request: 'signed',
  issuer: '',
  subject: '',
  same_name: '',
};
const half = (change: Partial<WaitingHalf> = {}): WaitingHalf => ({
  envelope: 'e',
  approver: alice.email,
  at: 0,
  says,
  ...change,
});
const judge = (asked: EnrolmentFields, by: string, waiting?: WaitingHalf, on: readonly Enrollee[] = people) =>
  judgeEnrolment(asked, { by, people: on, waiting, administersAs: (groups) => groups.includes('admin') });
function why(asked: EnrolmentFields, by: string, waiting?: WaitingHalf, on?: readonly Enrollee[]): string {
  const judged = judge(asked, by, waiting, on);
  return judged.kind === 'refused' ? refusalLine(judged.refusal) : judged.kind;
}

describe('two administrators enrol, and sign for the same', () => {
  it('the first waits, the second completes', () => {
    expect(judge(says, alice.email)).toEqual({ kind: 'first' });
    expect(judge(says, bob.email, half())).toMatchObject({ kind: 'second', was: undefined });
  });

  it('one administrator is not two', () => {
    expect(why(says, alice.email, half())).toMatch(/^5: .*waits for a second administrator; allowed: until 1970-01-08T00:00:00/);
  });

  it.each([
    ['name', 'Carla Kohl', 'name'],
    ['member_of', 'security,devops', 'groups'],
    ['key', 'another-key', 'key'],
    ['request', 'signed-again', 'request'],
    ['same_name', 'a namesake in Oslo', '--same-name'],
  ])('another %s is refused by its name', (field, value, named) => {
    expect(why({ ...says, [field]: value }, bob.email, half())).toMatch(
      new RegExp(`^5: ${named} is not what alice@example.com signed for`),
    );
  });

  it('who asked first may ask again otherwise, which replaces what waits', () => {
    expect(judge({ ...says, member_of: 'devops' }, alice.email, half())).toEqual({ kind: 'first' });
  });

  it('nobody enrols or changes themselves', () => {
    const own = { ...says, email: alice.email, name: alice.name, key: alice.key, member_of: 'admin,security' };
    expect(why(own, alice.email)).toMatch(/^3: nobody enrols themselves/);
    expect(why(own, bob.email)).toBe('first');
  });
});

describe('what is enrolled', () => {
  it.each([
    [{ key: '', request: '' }, /^2: a person is enrolled with a key or with an account/],
    [{ issuer: 'https://idp', subject: '1' }, /^2: a person is enrolled with a key or with an account/],
    [{ key: '', issuer: 'https://idp', request: '' }, /^2: /],
    [{ request: '' }, /^2: a new key needs the request that it signed itself/],
    [{ key: '', request: '', issuer: 'https://idp', subject: '1' }, /^first$/],
  ])('%j', (change, expected) => {
    expect(why({ ...says, ...change }, alice.email)).toMatch(expected);
  });

  it('an enrolled person keeps their key without a request, and gets other groups', () => {
    const asked = { ...says, email: dana.email, name: dana.name, key: dana.key, request: '' };
    expect(why({ ...asked, member_of: 'ds-team,mlops' }, alice.email, undefined, [...people, dana])).toBe('first');
    expect(why({ ...asked, member_of: 'ds-team' }, alice.email, undefined, [...people, dana])).toMatch(/^5: .*just so already/);
  });

  it('a key that was revoked, or replaced, does not come back', () => {
    const asked = { ...says, email: dana.email, name: dana.name, key: dana.key };
    const revoked = { ...dana, revoked: true };
    expect(why(asked, alice.email, undefined, [...people, revoked])).toMatch(/^3: key; given: .* was revoked with dana/);
    const rotated = { ...dana, key: 'next', keys: [...dana.keys, 'next'] };
    expect(why(asked, alice.email, undefined, [...people, rotated])).toMatch(/^3: key; given: .* is an old key of dana/);
    expect(why({ ...asked, key: 'fresh' }, alice.email, undefined, [...people, revoked])).toBe('first');
  });
});

describe('an administrator stays', () => {
  it('the last one is neither revoked nor put into other groups', () => {
    const left = [alice, { ...bob, revoked: true, administers: false }, dana];
    expect(judgeRevocation(alice.email, left)).toMatchObject({
      kind: 'rule',
      what: 'alice@example.com is the only administrator',
    });
    expect(judgeRevocation(dana.email, left)).toBeUndefined();
    expect(judgeRevocation(alice.email, people)).toBeUndefined();
    const asked = { ...says, email: alice.email, name: alice.name, key: alice.key, request: '', member_of: 'mlops' };
    expect(why(asked, bob.email, undefined, [alice, { ...bob, administers: false }])).toMatch(
      /^3: alice@example.com is the only/,
    );
  });

  it('who is nobody, or revoked, is not revoked', () => {
    expect(judgeRevocation('x@example.com', people)).toMatchObject({ kind: 'usage' });
    expect(judgeRevocation(dana.email, [{ ...dana, revoked: true }])).toMatchObject({ kind: 'conflict' });
  });
});
