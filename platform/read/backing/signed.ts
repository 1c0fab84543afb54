import { verify } from 'node:crypto';
import { promisify } from 'node:util';
import { openEnvelope, type OpenedEnvelope } from '../../envelope.js';
import type { PersonState } from './person-states.js';

const verified = promisify(verify);

/** What an envelope says, when it holds together and this enrolled person's key signed it; undefined otherwise. */
export async function signedBy(jws: string, person: PersonState | undefined): Promise<OpenedEnvelope | undefined> {
  const opened = openEnvelope(jws);
  if (!person?.key || !opened.ok || opened.envelope.kid !== person.kid) return undefined;
  const end = jws.lastIndexOf('.');
  const signature = Buffer.from(jws.slice(end + 1), 'base64url');
  return (await verified(null, Buffer.from(jws.slice(0, end)), person.key, signature)) ? opened.envelope : undefined;
}
