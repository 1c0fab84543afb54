import { Socket } from 'node:net';
import type { Refusal } from '../domain/refusal.js';
import type { MailServer } from './mail-server.js';

/** One message; every text in it that goes into a header is one line. */
export interface Mail {
  /** Addresses, judged by `isMailAddress` before. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** What makes a repetition recognisable, without brackets: `what@host`. */
  readonly messageId: string;
  /** The Message-ID, without brackets, of what this mail belongs to: a reader's program shows both in one place. */
  readonly thread?: string;
  readonly attachments?: readonly { readonly filename: string; readonly contentType: string; readonly text: string }[];
}

/** A message that was not sent, or not to all; `identity` where the server refuses the login, `away` otherwise. */
export class MailError extends Error {
  override readonly name = 'MailError';
  constructor(
    readonly refusal: Refusal,
    /** Whether the server has said that it will never take this message, and whether it has taken it for some of its addresses. */
    readonly answered: { readonly isFinal: boolean; readonly isPartial: boolean } = { isFinal: false, isPartial: false },
  ) {
    super(refusal.what);
  }
}

const CONNECTS_WITHIN_MS = 10_000;
const ANSWERS_WITHIN_MS = 30_000;
const TAKEN_WITHIN_MS = 120_000;
/** SMTP answers from here on mean that the same message will never be taken (RFC 5321 §4.2.1). */
const NEVER = 500;

/**
 * Hands a message to the mail server and waits until it has taken it for every address. TLS with a certificate that holds
 * is required unless the server is on this machine. Throws a {@link MailError}, which never has the password in it, at the latest
 * when `withinMs` are over.
 */
export async function sendMail(server: MailServer, mail: Mail, withinMs = TAKEN_WITHIN_MS): Promise<void> {
  const headers = [
    mail.subject,
    mail.messageId,
    mail.thread ?? '',
    ...mail.to,
    ...(mail.attachments ?? []).map(({ filename }) => filename),
  ];
  if (headers.some((text) => /[\p{Cc}\u2028\u2029]/u.test(text))) throw new Error('a header of a mail is one line');
  const { createTransport } = await import('nodemailer');
  const { host, port, secure, isHere, login, from } = server;
  const socket = new Socket();
  const transport = createTransport({
    socket,
    host,
    port,
    secure,
    requireTLS: !secure && !isHere,
    ignoreTLS: !secure && isHere,
    tls: { minVersion: 'TLSv1.2' },
    ...(login && { auth: login }),
    connectionTimeout: CONNECTS_WITHIN_MS,
    greetingTimeout: CONNECTS_WITHIN_MS,
    socketTimeout: ANSWERS_WITHIN_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // A server that answers one letter at a time is never silent for long enough.
  const deadline = setTimeout(() => socket.destroy(new Error(`not within ${withinMs} ms`)), withinMs);
  try {
    const { rejected } = await transport.sendMail({
      from: { name: '', address: from },
      to: mail.to.map((address) => ({ name: '', address })),
      subject: mail.subject,
      // RFC 3834 §5: nobody's absence is to be answered to it.
      headers: { 'Auto-Submitted': 'auto-generated' },
      text: mail.text,
      ...(mail.html !== undefined && { html: mail.html }),
      messageId: `<${mail.messageId}>`,
      ...(mail.thread !== undefined && { inReplyTo: `<${mail.thread}>`, references: `<${mail.thread}>` }),
      attachments: (mail.attachments ?? []).map(({ filename, contentType, text }) => {
        return { filename, contentType, content: Buffer.from(text), contentTransferEncoding: 'base64' as const };
      }),
    });
    if (rejected.length > 0)
      throw new MailError(refusesAddresses(server, rejected.map(addressOf)), { isFinal: false, isPartial: true });
  } catch (error) {
    throw error instanceof MailError
      ? error
      : new MailError(refusalOf(server, error), { isFinal: isFinal(error), isPartial: false });
  } finally {
    clearTimeout(deadline);
    transport.close();
  }
}

interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
  readonly rejectedErrors?: readonly SmtpError[];
}

/** Of a message or its addresses: what a server says of a login, a sender or its policy (RFC 3463, 5.7) may be otherwise tomorrow. */
function isFinal(error: unknown): boolean {
  const { code, command, rejectedErrors, ...said } = error as SmtpError;
  if (code !== 'EMESSAGE' && !(code === 'EENVELOPE' && command === 'RCPT TO')) return false;
  return (rejectedErrors ?? [said]).every(
    ({ responseCode = 0, response = '' }) => responseCode >= NEVER && !/ 5\.7\./.test(response),
  );
}

function refusalOf(server: MailServer, error: unknown): Refusal {
  const { code = '', message = '', response = '' } = error as { code?: string; message?: string; response?: string };
  const place = placeOf(server);
  // What a server answers is its own text; should it repeat the login, that stays here.
  const said = withoutLogin(server, (response || message || code).split(/[\r\n]/, 1)[0]?.slice(0, 200) ?? '');
  if (code === 'EAUTH' || code === 'ENOAUTH')
    return { kind: 'identity', what: `${place} refuses the login: ${said}`, next: 'check GATEHOUSE_SMTP_URL' };
  if (code === 'ETLS') return { kind: 'away', what: `${place} speaks no TLS that holds: ${said}`, next: 'use a server with TLS' };
  const how = response ? 'did not take the message' : 'does not answer';
  return { kind: 'away', what: `${place} ${how}: ${said}`, next: 'check GATEHOUSE_SMTP_URL, then send it again' };
}

function refusesAddresses(server: MailServer, addresses: readonly string[]): Refusal {
  const what = `${placeOf(server)} takes no mail for ${addresses.join(', ')}`;
  return { kind: 'away', what, next: 'send it there in another way' };
}

function addressOf(rejected: string | { readonly address: string }): string {
  return typeof rejected === 'string' ? rejected : rejected.address;
}

function placeOf({ host, port }: MailServer): string {
  return `the mail server on ${host}:${port}`;
}

function withoutLogin({ login }: MailServer, text: string): string {
  if (!login) return text;
  const { user, pass } = login;
  const secrets = [pass, encodeURIComponent(pass), base64(pass), base64(`\0${user}\0${pass}`)];
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '…'), text);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
