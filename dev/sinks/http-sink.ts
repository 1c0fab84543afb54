import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOST } from '../ports.js';

/** What a peer answers; `headers` besides the content type, which is JSON. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** One request, its body read. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
}

const MOST_BYTES = 1024 * 1024;
const [TOO_LARGE, FAILED] = [413, 500];

/** A peer over HTTP that answers in JSON; what its `answer` throws is a 500. */
export async function startHttpSink(answer: (asked: Asked) => Answer): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void bodyOf(request)
      .then((body) => {
        const { method = '', url = '', headers } = request;
        const authorization = headers.authorization ?? '';
        return body === undefined ? { status: TOO_LARGE, body: {} } : answer({ method, path: url, authorization, body });
      })
      .catch((): Answer => ({ status: FAILED, body: {} }))
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' });
        response.end(JSON.stringify(body));
      });
  });
  server.listen(0, HOST);
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${HOST}:${port}`, close };
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MOST_BYTES) chunks.push(chunk);
  }
  return bytes > MOST_BYTES ? undefined : Buffer.concat(chunks).toString();
}
