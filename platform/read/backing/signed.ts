import { verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { Account } from '../../../domain/trust.js';
import { openEnvelope, type OpenedEnvelope } from '../../envelope.js';
import type { IssuerKey } from '../../issuer-keys.js';
import { isProven } from '../../proof.js';
import type { PersonState } from './person-states.js';

const verified = promisify(verify);

/**
 * What an envelope says, when it holds together and this person signed it: with the key that the trail has for them, or by a
 * login of their account, signed with one of the issuers' keys that it has; undefined otherwise.
 */
export async function signedBy(
  jws: string,
  person: PersonState | undefined,
  issuerKeys: readonly IssuerKey[],
): Promise<OpenedEnvelope | undefined> {
  const opened = openEnvelope(jws);
  if (!person || !opened.ok) return undefined;
  const { envelope } = opened;
  if (envelope.login)
    return (await isProven(envelope, { key: undefined, account: accountOf(person) }, issuerKeys)) ? envelope : undefined;
  if (!person.key || envelope.kid !== person.kid) return undefined;
  const end = jws.lastIndexOf('.');
  const signature = Buffer.from(jws.slice(end + 1), 'base64url');
  return (await verified(null, Buffer.from(jws.slice(0, end)), person.key, signature)) ? envelope : undefined;
}

function accountOf({ columns: { issuer, subject } }: PersonState): Account | null {
  return typeof issuer === 'string' && typeof subject === 'string' ? { issuer, subject } : null;
}
