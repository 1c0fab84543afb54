import { createPublicKey, type KeyObject } from 'node:crypto';

/** The hash that goes with a curve in model signatures; Ed25519 has its own. */
const HASHES: Readonly<Record<string, string>> = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' };

/** A public key that can verify a signature, and the hash it is made with. */
export interface VerifyingKey {
  readonly key: KeyObject;
  readonly hash: string | null;
}

/** The ECDSA (P-256, P-384, P-521) or Ed25519 key of an SPKI in base64; undefined for anything else. */
export function readSpki(base64: string): VerifyingKey | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'ed25519') return { key, hash: null };
    const hash = HASHES[key.asymmetricKeyDetails?.namedCurve ?? ''];
    return key.asymmetricKeyType === 'ec' && hash !== undefined ? { key, hash } : undefined;
  } catch {
    return undefined;
  }
}
