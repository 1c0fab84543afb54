import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the world outside that answers as a test says, with what it was asked. */
export interface HttpPeer {
  readonly url: string;
  readonly asked: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
  answer: (response: ServerResponse, body: string) => void;
  close(): Promise<void>;
}

/** Starts a peer on this machine. */
export async function startPeer(answer: HttpPeer['answer']): Promise<HttpPeer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      peer.asked.push({ path: request.url ?? '', headers: request.headers, body });
      peer.answer(response, body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer: HttpPeer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    answer,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return peer;
}
