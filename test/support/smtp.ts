import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { MailServer } from '../../platform/mail-server.js';

/** A mail server on this machine: what it took, and how to reach it. */
export interface Smtp {
  readonly taken: { readonly from: string; readonly to: readonly string[]; readonly message: string }[];
  readonly server: MailServer;
  readonly url: string;
  close(): Promise<void>;
}

export const LOGIN = { user: 'gatehouse', pass: 'pa55 word/:@' };

/** Starts a mail server that asks for {@link LOGIN} and takes what it gets, unless it is told otherwise. */
export async function startSmtp(options: SMTPServerOptions = {}): Promise<Smtp> {
  const taken: Smtp['taken'] = [];
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, answer) {
      if (username === LOGIN.user && password === LOGIN.pass) answer(null, { user: username });
      else answer(new Error(`no ${username} with ${password} here`));
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        taken.push({ from, to: envelope.rcptTo.map(({ address }) => address), message: Buffer.concat(chunks).toString() });
        done();
      });
    },
    ...options,
  });
  smtp.on('error', () => undefined);
  const listening = smtp.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  const { port } = listening.address() as AddressInfo;
  const login = `${LOGIN.user}:${encodeURIComponent(LOGIN.pass)}`;
  return {
    taken,
    server: { host: '127.0.0.1', port, secure: false, isHere: true, login: LOGIN, from: 'gatehouse@duetmind.example' },
    url: `smtp://${login}@127.0.0.1:${port}`,
    close: () => new Promise((resolve) => smtp.close(resolve)),
  };
}

/** A header's value, unfolded. */
export function headerOf(message: string, name: string): string | undefined {
  const head = message.slice(0, message.indexOf('\r\n\r\n')).replace(/\r\n[ \t]/g, ' ');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
}

/** The attachment of a message that has one: its name and its text. */
export function attachmentOf(message: string): { readonly filename: string; readonly text: string } {
  const [, head = '', body = ''] =
    /\r\n((?:[^\r\n]+\r\n)*Content-Disposition: attachment[^]*?)\r\n\r\n([^]*?)\r\n--/.exec(message) ?? [];
  const filename = /filename=("?)([^";\r\n]+)\1/.exec(head)?.[2] ?? '';
  return { filename, text: Buffer.from(body, 'base64').toString() };
}
