import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where the browser comes back to after a login: an address of this machine alone, for as long as one login takes. */
export interface Callback {
  readonly redirectUri: string;
  /** The address the browser came back with, when it carries this login's state. */
  readonly returned: Promise<URL>;
  close(): void;
}

const PATH = '/callback';
const DONE = `<!doctype html><meta charset="utf-8"><title>Gatehouse</title><p>Gatehouse has what it needs. You can close this page.</p>`;

/** Listens on a free port of 127.0.0.1; whatever does not carry the state is turned away and changes nothing. */
export async function listenForCallback(state: string): Promise<Callback> {
  let came: (url: URL) => void = () => undefined;
  const returned = new Promise<URL>((resolve) => {
    came = resolve;
  });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', redirectUri);
    const isOurs = request.method === 'GET' && url.pathname === PATH && url.searchParams.get('state') === state;
    response.writeHead(isOurs ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      'cache-control': 'no-store',
      connection: 'close',
    });
    response.end(isOurs ? DONE : '');
    if (isOurs) came(url);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(0, '127.0.0.1', listening);
  });
  const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`;
  return {
    redirectUri,
    returned,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
