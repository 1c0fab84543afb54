import { expect, it } from 'vitest';
import { addressesOf } from '../../domain/audience.js';

const CONTACTS = {
  'ds-team': 'ds-team@example.org',
  mlops: 'mlops@example.org',
  on_call: '+1-555-ML-ALERT',
  slack: '#ml-alerts',
  stakeholders: ['ds-team', 'owner@example.org'],
};
const PEOPLE = [
  { email: 'olga@example.org', groups: ['devops'] },
  { email: 'omar@example.org', groups: ['devops', 'ds-team'] },
];
const emails = (...audience: string[]) => addressesOf(audience, CONTACTS, PEOPLE).emails;

it('a contact counts before the people of a group of its name, and may name others', () => {
  expect(emails('ds-team')).toEqual(['ds-team@example.org']);
  expect(emails('devops')).toEqual(['olga@example.org', 'omar@example.org']);
  expect(emails('stakeholders')).toEqual(['ds-team@example.org', 'owner@example.org']);
});

it('people are told under their own address, and everybody once', () => {
  expect(emails('olga@example.org', 'devops', 'olga@example.org')).toEqual(['olga@example.org', 'omar@example.org']);
});

it('where nobody has an address the stakeholders are told; a telephone is none', () => {
  expect(emails('on_call')).toEqual(['ds-team@example.org', 'owner@example.org']);
  expect(emails('nobody-knows', '__proto__')).toEqual(['ds-team@example.org', 'owner@example.org']);
  expect(addressesOf(['on_call'], {}, PEOPLE)).toEqual({ emails: [], slack: null, onCall: null });
});

it('contacts that name each other end', () => {
  expect(addressesOf(['one'], { one: 'other', other: ['one', 'a@example.org'] }, []).emails).toEqual(['a@example.org']);
});

it('the channel and who is on call are what the contacts say', () => {
  expect(addressesOf([], CONTACTS, [])).toMatchObject({ slack: '#ml-alerts', onCall: '+1-555-ML-ALERT' });
  expect(addressesOf([], { on_call: ['+1', '+2'] }, [])).toMatchObject({ slack: null, onCall: '+1, +2' });
});
