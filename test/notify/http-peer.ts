import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer, Asked } from '../../dev/sinks/http-sink.js';
import { RETRY_AFTER_S, type Behaviour } from './channel-contract.js';

/** A peer over HTTP that behaves as it is told, and answers as `takes` and `refuses` do where it behaves well. */
export async function startHttpPeer(
  behaviour: Behaviour,
  answers: { readonly takes: (asked: Asked) => Answer; readonly refuses: Answer },
) {
  const dripping = new Set<NodeJS.Timeout>();
  let now = behaviour;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const asked = { method, path: url, authorization: headers.authorization ?? '', body: Buffer.concat(chunks).toString() };
      const say = ({ status, body }: Answer, more: Record<string, string> = {}) => {
        response.writeHead(status, { 'content-type': 'application/json', ...more });
        response.end(JSON.stringify(body));
      };
      if (now === 'takes') say(answers.takes(asked));
      if (now === 'refuses') say(answers.refuses);
      if (now === 'limits') say({ status: 429, body: { ok: false } }, { 'retry-after': String(RETRY_AFTER_S) });
      if (now === 'fails') say({ status: 500, body: { asked } }, { 'x-asked': asked.authorization });
      if (now === 'floods') say({ status: 200, body: { ok: true, more: 'x'.repeat(2 * 1024 * 1024) } });
      if (now === 'drips') drip(response, dripping);
      if (now === 'redirects') {
        now = 'takes';
        response.writeHead(307, { location: url }).end();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const timer of dripping) clearInterval(timer);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  if (behaviour === 'gone') await close();
  return {
    url: `http://127.0.0.1:${port}`,
    become: (next: Behaviour) => void (now = next),
    close: behaviour === 'gone' ? () => Promise.resolve() : close,
  };
}

function drip(response: ServerResponse, dripping: Set<NodeJS.Timeout>): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  dripping.add(setInterval(() => response.write(' '), 20));
}
