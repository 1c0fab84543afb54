// Part of verify-bundle.mjs: verifies an act that was signed by a login at an identity provider, with nothing but what is in the file.
import { constants, createHash, createPublicKey, verify } from 'node:crypto';

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const KINDS = {
  RS256: { kty: 'RSA', hash: 'sha256', as: {} },
  PS256: { kty: 'RSA', hash: 'sha256', as: PSS },
  ES256: { kty: 'EC', hash: 'sha256', as: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { kty: 'OKP', hash: null, as: {} },
};

/**
 * The key that an act has to be signed with: its author's as they are enrolled, or the one made for this signature alone, when
 * a token says over the hash of what it signed whose login it was: signed with a key of that issuer that the trail has seen,
 * for this installation, of this account and e-mail address.
 */
export function keyOf(text, { person }, enrolled, events) {
  const [jws, token, x] = text.split('~');
  if (token === undefined) return enrolled?.publicKey;
  const [header, claims] = token.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  const [signed, signature] = [token.slice(0, token.lastIndexOf('.')), token.slice(token.lastIndexOf('.') + 1)];
  const kind = Object.hasOwn(KINDS, header.alg) ? KINDS[header.alg] : undefined;
  const isSignedWith = ({ jwk, audience }) => {
    if (jwk.kty !== kind?.kty || ![claims.aud].flat().includes(audience) || (claims.azp ?? audience) !== audience) return false;
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(kind.hash, Buffer.from(signed), { key, ...kind.as }, Buffer.from(signature, 'base64url'));
  };
  const seen = events.filter(({ action }) => action === 'issuer.key-seen').map(({ detail }) => detail);
  const named = seen.filter(({ issuer, kid }) => issuer === claims.iss && kid === header.kid);
  const isAccount = enrolled?.issuer === claims.iss && enrolled.subject === claims.sub;
  const isPerson = claims.email_verified === true && claims.email.toLowerCase() === person;
  const nonce = createHash('sha256')
    .update(jws.slice(0, jws.lastIndexOf('.')))
    .digest('base64url');
  if (!isAccount || !isPerson || claims.nonce !== nonce || !named.some(isSignedWith))
    throw new Error(`the login of ${person} does not hold`);
  return { kty: 'OKP', crv: 'Ed25519', x };
}
