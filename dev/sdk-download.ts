import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { StackConfig } from '../platform/config.js';
import { TEMPORAL_VERSION, type Download } from './temporal-version.js';

const BEGINS_WITHIN_MS = 10_000;
const GROWS_WITHIN_MS = 90_000;

/**
 * The download that Temporal's SDK has for its tests; given up when it cannot be reached within 10 s,
 * or when nothing more of it arrives for 90 s.
 */
export const SDK_DOWNLOAD: Download = { from: "downloaded by Temporal's SDK", fetch: downloadWithSdk };

async function downloadWithSdk({ cacheDir }: StackConfig, into: string, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const giveUp = (): void => over.abort(signal.reason);
  signal.addEventListener('abort', giveUp);
  try {
    await Promise.race([fetchAndStart(cacheDir), stalled(`${into}.downloading`, over.signal)]);
  } catch (error) {
    // Only the last part of its chain of causes says something.
    throw new Error((error as Error).message.split(': ').at(-1), { cause: error });
  } finally {
    signal.removeEventListener('abort', giveUp);
    over.abort();
  }
}

/** The SDK offers the download only as the first step of starting a server, which is stopped again at once. */
async function fetchAndStart(cacheDir: string): Promise<void> {
  const { Runtime } = await import('@temporalio/worker');
  const runtime = Runtime.instance();
  try {
    const server = await runtime.createEphemeralServer({
      type: 'dev-server',
      exe: {
        type: 'cached-download',
        downloadDir: cacheDir,
        version: `v${TEMPORAL_VERSION}`,
        ttl: 0,
        sdkName: 'sdk-typescript',
        sdkVersion: '1.24.0',
      },
      namespace: 'default',
      ip: '127.0.0.1',
      port: null,
      uiPort: null,
      dbFilename: null,
      ui: false,
      log: { format: 'pretty', level: 'error' },
      extraArgs: [],
    });
    await runtime.shutdownEphemeralServer(server);
  } finally {
    await runtime.shutdown();
  }
}

/** Rejects when the download neither begins nor goes on; the SDK itself would wait for as long as the network does. */
async function stalled(partial: string, signal: AbortSignal): Promise<void> {
  let until = Date.now() + BEGINS_WITHIN_MS;
  for (let size = -1; Date.now() < until; await delay(500, undefined, { signal })) {
    const now = statSync(partial, { throwIfNoEntry: false })?.size ?? -1;
    if (now !== size) until = Date.now() + GROWS_WITHIN_MS;
    size = now;
  }
  throw new Error('its download server does not answer');
}
