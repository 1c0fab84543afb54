import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { MailServer } from '../../platform/mail-server.js';
import { headerOf, startSmtp } from '../support/smtp.js';
import { SECRET, type Behaviour } from './channel-contract.js';

const LOGIN = { user: 'gatehouse', pass: SECRET };

/** A mail server that behaves as it is told. */
export async function startSmtpPeer(behaviour: Behaviour) {
  if (behaviour === 'hangs' || behaviour === 'drips') return startBadSmtp(behaviour);
  const codes: Partial<Record<Behaviour, number>> = { limits: 452, fails: 451, refuses: 550 };
  const responseCode = codes[behaviour];
  const smtp = await startSmtp({
    onAuth: (_auth, _session, answer) => answer(null, { user: LOGIN.user }),
    onRcptTo: (_address, _session, answer) =>
      answer(responseCode === undefined ? null : Object.assign(new Error(`not for ${SECRET}`), { responseCode })),
  });
  if (behaviour === 'gone') await smtp.close();
  return {
    server: { ...smtp.server, login: LOGIN } satisfies MailServer,
    arrived: () => smtp.taken.map(({ message }) => headerOf(message, 'Message-ID') ?? ''),
    close: behaviour === 'gone' ? () => Promise.resolve() : () => smtp.close(),
  };
}

async function startBadSmtp(behaviour: 'hangs' | 'drips') {
  const open = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const peer = createServer((socket) => {
    open.add(socket.on('error', () => undefined));
    if (behaviour === 'drips') timers.add(setInterval(() => socket.write('2'), 20));
  });
  peer.listen(0, '127.0.0.1');
  await new Promise((done) => peer.once('listening', done));
  const { port } = peer.address() as AddressInfo;
  const server: MailServer = {
    host: '127.0.0.1',
    port,
    secure: false,
    isHere: true,
    login: LOGIN,
    from: 'gatehouse@example.org',
  };
  return {
    server,
    arrived: () => [],
    async close() {
      for (const timer of timers) clearInterval(timer);
      for (const socket of open) socket.destroy();
      await new Promise((done) => peer.close(done));
    },
  };
}
