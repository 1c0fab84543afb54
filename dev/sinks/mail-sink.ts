import type { AddressInfo } from 'node:net';
import { HOST } from '../ports.js';
import { keepIn } from './sink-file.js';

const MOST_BYTES = 4 * 1024 * 1024;
const NO_ROOM = 452;

/** A mail server that takes everything and keeps it as it came, with the headers that tell mails apart beside it. */
export async function startMailSink(file: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { SMTPServer } = await import('smtp-server');
  const keep = keepIn(file);
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    // The stack stops without waiting for who is in the middle of a mail.
    closeTimeout: 100,
    size: MOST_BYTES,
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const message = Buffer.concat(chunks).toString();
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        const to = envelope.rcptTo.map(({ address }) => address);
        try {
          keep({ from, to, subject: headerOf(message, 'Subject'), messageId: headerOf(message, 'Message-ID'), message });
          done();
        } catch (error) {
          done(Object.assign(error as Error, { responseCode: NO_ROOM }));
        }
      });
    },
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, HOST);
  await new Promise((resolve, reject) => listening.once('listening', resolve).once('error', reject));
  const { port } = listening.address() as AddressInfo;
  return { url: `smtp://${HOST}:${port}`, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** A header's value, unfolded; null where there is none. */
function headerOf(message: string, name: string): string | null {
  const head = message.split('\r\n\r\n', 1)[0]?.replace(/\r\n[ \t]/g, ' ') ?? '';
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? null;
}
