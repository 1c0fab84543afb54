import type { JWK } from 'jose';
import { discoveryUrl, isEncrypted, isLoopback, type IdentityProviderConfig } from '../../platform/identity-provider.js';
import { issuerKeyFor } from '../../platform/id-token.js';
import { Away } from '../failures.js';
import type { IdentityProvider } from '../ports.js';

const ANSWERED_WITHIN_MS = 5_000;
const ANSWER_BYTES = 256 * 1024;
/** A key that the provider withdraws counts for no longer than this. */
const KEPT_MS = 10 * 60_000;
/** A name that the provider does not know is not asked for again before. */
const ASKED_EVERY_MS = 30_000;

type Json = Readonly<Record<string, unknown>>;

/**
 * The keys of the configured provider, found by its own description and kept for ten minutes. Nothing that a token says
 * leads anywhere: only the issuer's address is asked, and whatever that names as its keys.
 */
export function providerKeys(config: IdentityProviderConfig, now: () => number = () => performance.now()): IdentityProvider {
  let kept: { readonly keys: readonly Json[]; readonly at: number } | undefined;
  let asking: Promise<readonly Json[]> | undefined;

  const ask = async (): Promise<readonly Json[]> => {
    asking ??= readKeys(config.issuer).finally(() => {
      asking = undefined;
    });
    return await asking;
  };

  return {
    ...config,
    async key({ kid, alg }) {
      const age = kept ? now() - kept.at : Infinity;
      const known = age < KEPT_MS ? named(kept?.keys ?? [], kid, alg) : undefined;
      if (known || age < ASKED_EVERY_MS) return known;
      const keys = await ask();
      kept = { keys, at: now() };
      return named(keys, kid, alg);
    },
  };
}

function named(keys: readonly Json[], kid: string, alg: string): JWK | undefined {
  for (const key of keys) {
    const usable = key['kid'] === kid ? issuerKeyFor(alg, key) : undefined;
    if (usable) return usable;
  }
  return undefined;
}

async function readKeys(issuer: string): Promise<readonly Json[]> {
  const about = discoveryUrl(issuer);
  const { issuer: itself, jwks_uri: where } = await readJson(about);
  if (itself !== issuer) throw new Away(`${about} describes another issuer: ${String(itself).slice(0, 200)}`);
  const url = typeof where === 'string' && URL.canParse(where) ? new URL(where) : undefined;
  if (!url || !(isEncrypted(url) || (isLoopback(url) && isLoopback(new URL(issuer)))))
    throw new Away(`${about} names no https address of its keys`);
  const { keys } = await readJson(url.href);
  if (!Array.isArray(keys)) throw new Away(`${url.href} holds no keys`);
  return (keys as readonly unknown[]).filter((key): key is Json => typeof key === 'object' && key !== null);
}

async function readJson(url: string): Promise<Json> {
  try {
    const response = await fetch(url, {
      // Whoever answers for the provider does so itself.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
      headers: { accept: 'application/json' },
    });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    const value: unknown = JSON.parse(await textOf(response));
    if (typeof value !== 'object' || value === null) throw new Error('no JSON object');
    return value as Json;
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new Away(`the identity provider does not answer: ${url}: ${why}`);
  }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > ANSWER_BYTES) throw new Error(`more than ${ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
