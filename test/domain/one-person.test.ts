import { describe, expect, it } from 'vitest';
import { isSamePerson, look, mailbox, misleading, notOnePerson, type Known } from '../../domain/one-person.js';
import { refusalLine } from '../../domain/refusal.js';

const NOBODY = { key: '', issuer: '', subject: '' };
const dana: Known = {
  email: 'dana.lee@example.com',
  name: 'Dana Lee',
  keys: ['old', 'now'],
  issuer: 'https://idp',
  subject: '42',
};

describe('rules §3: four gates, four people; one human is one person (R12)', () => {
  it.each([
    ['dana.lee@example.com', 'DANA.Lee@Example.COM'],
    ['dana.lee@example.com', 'dana.lee+test@example.com'],
    ['dana.lee@example.com', 'ｄana.lee@example.com'],
    ['dana.lee@example.com', ' dana.lee+a+b@example.com '],
  ])('%s and %s are one mailbox', (one, other) => {
    expect(mailbox(other)).toBe(one);
    expect(isSamePerson(one, other)).toBe(true);
  });

  it('dots are not assumed to mean nothing, nor a plus at the beginning', () => {
    expect(isSamePerson('dana.lee@example.com', 'danalee@example.com')).toBe(false);
    expect(mailbox('+dana@example.com')).toBe('+dana@example.com');
  });

  it.each([
    ['a key', { email: 'eve@example.com', name: 'Eve', ...NOBODY, key: 'now' }, /key; .*is or was that of dana/],
    ['a key they once had', { email: 'eve@example.com', name: 'Eve', ...NOBODY, key: 'old' }, /key; .*is or was that of dana/],
    [
      'an account',
      { email: 'eve@example.com', name: 'Eve', key: '', issuer: 'https://idp', subject: '42' },
      /account; .*is that of dana/,
    ],
    ['a mailbox', { email: 'dana.lee+2@example.com', name: 'Eve', ...NOBODY }, /e-mail; .*mailbox is that of dana/],
  ])('%s of somebody else is never given twice, whatever is signed about it', (_what, asked, why) => {
    const refusal = notOnePerson(asked, [dana], 'these are two humans');
    expect(refusal && refusalLine(refusal)).toMatch(why);
  });

  it.each([
    ['dana.1ee@example.com', 'Somebody Else', /e-mail; .*looks like dana/],
    ['dana.Iee@example.com'.toLowerCase(), 'Somebody Else', /e-mail; .*looks like dana/],
    ['danalee@example.com', 'Somebody Else', /e-mail; .*looks like dana/],
    ['dl@example.com', 'Dana Lee', /printed name; .*looks like that of dana/],
    ['dl@example.com', 'DANA  LEE', /printed name/],
    ['dl@example.com', 'Danà Lee', /printed name/],
    ['dl@example.com', 'Dana-Lee', /printed name/],
    ['dl@example.com', 'Dana Iee', /printed name/],
  ])('%s, %s is taken for two humans only when both administrators sign why', (email, name, why) => {
    const asked = { email, name, ...NOBODY, key: 'new' };
    const refusal = notOnePerson(asked, [dana], '');
    expect(refusal && refusalLine(refusal)).toMatch(why);
    expect(notOnePerson(asked, [dana], 'a namesake in Oslo')).toBeUndefined();
  });

  it('nobody is in their own way', () => {
    expect(notOnePerson({ email: dana.email, name: 'Dana Lee', ...NOBODY, key: 'now' }, [dana], '')).toBeUndefined();
    expect(notOnePerson({ email: 'omar@example.com', name: 'Omar', ...NOBODY }, [dana], '')).toBeUndefined();
  });

  it('letters of other scripts look like the ones they are drawn as', () => {
    expect(look('Сосо')).toBe(look('Coco'));
    expect(look('Μαρια')).not.toBe(look('Maria'));
    expect(look('Ανα')).toBe(look('Ava'));
    expect(look('Warner')).toBe(look('Wamer'));
    expect(look('佐藤')).not.toBe(look('佐藤花子'));
  });
});

describe('an address or name that misleads by itself', () => {
  it.each([
    'dаna@example.com', // a Cyrillic а
    'dana@exämple.com',
    'dana@xn--exmple-cua.com',
    'Dana@example.com',
    'dana@example',
    'dana lee@example.com',
    'dana@example.com\u202e',
    '@example.com',
  ])('e-mail %j is refused', (email) => {
    expect(misleading({ email, name: 'Dana Lee' })).toMatchObject({ kind: 'rule', what: 'e-mail' });
  });

  it.each(['Dаna Lee', 'Dana  Lee', ' Dana', 'Dana\u200bLee', 'Dana\u202eeeL', '123', '', 'e\u0301ric', 'Ωmar Lee'])(
    'name %j is refused',
    (name) => {
      expect(misleading({ email: 'dana@example.com', name })).toMatchObject({ kind: 'rule', what: 'printed name' });
    },
  );

  it.each([
    'Dana Lee',
    'José Ñuñez',
    "Seán O'Brien-Smith",
    'Иван Петров',
    '佐藤 はなこ',
    '김철수',
    'Nguyễn Văn A',
    'Dr. Ana M. 2nd',
  ])('name %j is taken', (name) => {
    expect(misleading({ email: 'dana@example.com', name })).toBeUndefined();
  });
});
