import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MailError, sendMail, type Mail } from '../../platform/mail.js';
import { isMailAddress, mailServerOf, type MailServer } from '../../platform/mail-server.js';
import type { Refusal } from '../../domain/refusal.js';
import { attachmentOf, headerOf, LOGIN, startSmtp, type Smtp } from '../support/smtp.js';

const MAIL: Mail = {
  to: ['auditor@example.org', 'second@example.org'],
  subject: 'Wächter: up to event 7',
  messageId: 'what.7@duetmind.example',
  text: 'first line\n.\nFrom the second\n',
  attachments: [{ filename: 'kept.json', contentType: 'application/json', text: `{"x":"${'a'.repeat(5_000)}"}\n` }],
};

let smtp: Smtp;
beforeEach(async () => {
  smtp = await startSmtp();
});
afterEach(() => smtp.close());

async function refusalOf(server: MailServer, mail: Mail = MAIL): Promise<Refusal> {
  const error: unknown = await sendMail(server, mail).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MailError);
  return (error as MailError).refusal;
}

describe('a mail', () => {
  it('arrives as it was given, for everybody it was for, and a repetition is recognisable', async () => {
    await sendMail(smtp.server, MAIL);
    await sendMail(smtp.server, MAIL);
    const [first, second] = smtp.taken;
    expect(first).toMatchObject({ from: smtp.server.from, to: MAIL.to });
    const message = first?.message ?? '';
    expect(headerOf(message, 'Message-ID')).toBe(`<${MAIL.messageId}>`);
    expect(headerOf(second?.message ?? '', 'Message-ID')).toBe(`<${MAIL.messageId}>`);
    expect(headerOf(message, 'Subject')).toMatch(/^=\?UTF-8\?/);
    expect(message).toContain('first line\r\n.\r\n');
    expect(attachmentOf(message)).toEqual({ filename: 'kept.json', text: MAIL.attachments?.[0]?.text });
  });

  it('is refused as identity with a wrong login, and the password is in no error, whatever the server says', async () => {
    const login = { user: LOGIN.user, pass: 'tr0ub4dor' };
    const refusal = await refusalOf({ ...smtp.server, login });
    expect(refusal).toMatchObject({ kind: 'identity', what: expect.stringContaining('refuses the login') as string });
    expect(refusal.what).toContain('no gatehouse with … here');
    expect(JSON.stringify(refusal)).not.toContain(login.pass);
  });

  it('is away where no server is, and where one hangs up', async () => {
    await smtp.close();
    expect(await refusalOf(smtp.server)).toMatchObject({
      kind: 'away',
      what: expect.stringMatching(/^the mail server on 127\.0\.0\.1:\d+ does not answer: /) as string,
    });
    smtp = await startSmtp({ onConnect: (_session, answer) => answer(new Error('not today')) });
    expect(await refusalOf(smtp.server)).toMatchObject({ kind: 'away' });
  });

  it('is not sent without TLS to another machine, nor over TLS that anybody could have made', async () => {
    expect(await refusalOf({ ...smtp.server, isHere: false })).toMatchObject({ kind: 'away' });
    expect(await refusalOf({ ...smtp.server, secure: true, isHere: false })).toMatchObject({ kind: 'away' });
    await smtp.close();
    smtp = await startSmtp({ disabledCommands: [] });
    expect(await refusalOf({ ...smtp.server, isHere: false })).toMatchObject({
      kind: 'away',
      what: expect.stringMatching(/self-signed|certificate/) as string,
    });
    expect(smtp.taken).toEqual([]);
  });

  it('says whom the server takes no mail for', async () => {
    await smtp.close();
    smtp = await startSmtp({
      onRcptTo: ({ address }, _session, answer) => answer(address.startsWith('second') ? new Error('nobody') : null),
    });
    expect(await refusalOf(smtp.server)).toMatchObject({
      kind: 'away',
      what: expect.stringMatching(/takes no mail for second@example\.org$/) as string,
    });
  });

  it('has no way for a second header or command', async () => {
    for (const change of [
      { subject: 'one\r\nBcc: x@example.org' },
      { messageId: 'a@b>\r\nX: y' },
      { to: ['a@example.org\r\nRCPT TO:<b@example.org>'] },
      { attachments: [{ filename: 'a\n.json', contentType: 'application/json', text: '' }] },
    ])
      await expect(sendMail(smtp.server, { ...MAIL, ...change })).rejects.toThrow('a header of a mail is one line');
    expect(smtp.taken).toEqual([]);
  });
});

describe('addresses and servers', () => {
  it.each(['a@example.org', "o'brien+tag@mail.example.org", 'x@localhost', `${'a'.repeat(64)}@b.c`])(
    '%s is an address',
    (text) => {
      expect(isMailAddress(text)).toBe(true);
    },
  );

  it.each(['', 'a', '@b', 'a@', 'a@b@c', 'a b@c.d', '"a b"@c.d', '<a@b.c>', 'A <a@b.c>', 'a@b.c\r\nBcc: d@e.f', 'a@b.c,d@e.f'])(
    '%j is none',
    (text) => {
      expect(isMailAddress(text)).toBe(false);
    },
  );

  it.each(['a..b@c.d', '.a@b.c', 'a.@b.c', 'a@-b.c', 'a@b..c', 'a@b_c.d', 'ä@b.c', 'a@[127.0.0.1]', `${'a'.repeat(65)}@b.c`])(
    'nor is %j',
    (text) => {
      expect(isMailAddress(text)).toBe(false);
    },
  );

  const read = (url: string | undefined, from: string | undefined = 'g@example.org') => {
    const problems: string[] = [];
    return [mailServerOf(url, from, problems), problems] as const;
  };

  it('reads the server and the login of a URL', () => {
    const from = 'g@example.org';
    expect(read('smtps://u:p%40ss@mail.example.org')).toEqual([
      { host: 'mail.example.org', port: 465, secure: true, isHere: false, login: { user: 'u', pass: 'p@ss' }, from },
      [],
    ]);
    expect(read('smtp://localhost:2525')).toEqual([{ host: 'localhost', port: 2525, secure: false, isHere: true, from }, []]);
    expect(read('smtp://[::1]')[0]).toMatchObject({ host: '::1', port: 587, isHere: true });
    expect(read('smtp://127.0.0.1.example.org')[0]).toMatchObject({ isHere: false });
  });

  it.each([
    [undefined, 'g@example.org', /^GATEHOUSE_SMTP_URL: is not set/],
    ['smtp://localhost', '', /^GATEHOUSE_MAIL_FROM: is not set/],
    ['smtp://localhost', 'Gatehouse <g@example.org>', /^GATEHOUSE_MAIL_FROM: is not one e-mail address/],
    ['http://u:s3cret@localhost', 'g@example.org', /^GATEHOUSE_SMTP_URL: is not smtp/],
    ['smtp://u@localhost', 'g@example.org', /^GATEHOUSE_SMTP_URL: is not smtp/],
    ['smtp://u:s3cret@localhost/?tls=no', 'g@example.org', /^GATEHOUSE_SMTP_URL: is not smtp/],
    ['smtp://u:s3cret%@localhost', 'g@example.org', /^GATEHOUSE_SMTP_URL: is not smtp/],
    ['smtp://', 'g@example.org', /^GATEHOUSE_SMTP_URL: is not smtp/],
  ])('%s from %s is refused, without the password', (url, from, why) => {
    const [server, problems] = read(url, from);
    expect(server).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(why)]);
    expect(problems.join()).not.toContain('s3cret');
  });
});
