import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server of this machine that can be blocked: whoever comes meanwhile is let in and never answered. */
export interface Gate {
  readonly port: number;
  /** Lets through whoever comes from now on; who waits already goes on waiting. */
  open(): void;
  close(): Promise<void>;
}

/** A gate that is blocked, before the server that listens at an address. */
export async function startGate(url: string): Promise<Gate> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  let isOpen = false;
  const server = createServer((socket) => {
    keep(socket);
    if (!isOpen) return;
    const to = keep(connect(Number(new URL(url).port), '127.0.0.1'));
    socket.pipe(to).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    open: () => void (isOpen = true),
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
