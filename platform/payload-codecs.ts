import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { ConfigError } from './config.js';

/**
 * What stands between Gatehouse and Temporal: the `payloadCodecs` of a module of the installation's own, or nothing.
 * Throws a `ConfigError` when the module is not there or exports none.
 */
export async function loadPayloadCodecs(path: string | undefined): Promise<PayloadCodec[]> {
  if (path === undefined) return [];
  if (!existsSync(path)) throw new ConfigError([`GATEHOUSE_PAYLOAD_CODEC: there is no file ${path}`]);
  const { payloadCodecs } = (await import(pathToFileURL(path).href)) as { payloadCodecs?: unknown };
  if (!Array.isArray(payloadCodecs) || !payloadCodecs.every(isCodec)) {
    throw new ConfigError([`GATEHOUSE_PAYLOAD_CODEC: ${path} exports no payloadCodecs, a list of encode and decode`]);
  }
  return payloadCodecs.map(forgiving);
}

/** What came through Temporal, as it was before the codecs; the last that encodes is the first that decodes. */
export async function decoded(codecs: readonly PayloadCodec[], payload: Payload): Promise<Payload | undefined> {
  let payloads = [payload];
  for (const codec of [...codecs].reverse()) payloads = await codec.decode(payloads);
  return payloads[0];
}

/** Whatever somebody wrote into Temporal is handed on: an error while decoding it would stop the run it was sent to for ever. */
function forgiving(codec: PayloadCodec): PayloadCodec {
  const one = async (payload: Payload): Promise<Payload> => {
    try {
      return (await codec.decode([payload]))[0] ?? {};
    } catch {
      return {};
    }
  };
  return {
    encode: (payloads) => codec.encode(payloads),
    decode: (payloads) => Promise.all(payloads.map(one)),
  };
}

function isCodec(given: unknown): given is PayloadCodec {
  const { encode, decode } = (given ?? {}) as Partial<Record<'encode' | 'decode', unknown>>;
  return typeof encode === 'function' && typeof decode === 'function';
}
