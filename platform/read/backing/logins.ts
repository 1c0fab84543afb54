import { foreignLogin, loginOf } from '../../../domain/login.js';
import { sha256 } from '../../digest.js';
import { isSignedWith, readIdToken } from '../../id-token.js';
import { keysNamed } from '../../issuer-keys.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import type { IssuerKeys } from './issuer-keys.js';

/** Whether an event has somebody on the record by what an identity provider said of them, and by nobody's signature. */
export function isByLogin({ action, detail }: Pick<TrailEvent, 'action' | 'detail'>): boolean {
  return detail['kind'] === 'login' && (action === 'person.enrolled' || action === 'person.regrouped');
}

/**
 * Verifies every enrolment and every change of groups by a login once more: the ID token is kept, signed with a key of its
 * issuer that the trail had seen, and says what the event says.
 */
export function loginsBacking(db: Db, issuerKeys: IssuerKeys): Backing {
  const named = new Set<string>();
  return {
    async take(events) {
      const byLogin = events.filter(isByLogin);
      if (byLogin.length === 0) return [];
      const { rows } = await db.query<{ hash: string; id_token: string }>(
        'SELECT hash, id_token FROM login WHERE hash = ANY ($1)',
        [byLogin.map(({ detail }) => textOf(detail['login']))],
      );
      const kept = new Map(rows.map(({ hash, id_token: token }) => [hash, token]));
      const faults: string[] = [];
      for (const event of byLogin) {
        const hash = textOf(event.detail['login']);
        const isAgain = named.size === named.add(hash).size;
        const fault = isAgain ? 'another event stands on its login' : await faultOf(event, kept.get(hash));
        if (fault !== undefined) faults.push(`event ${event.seq} (${event.action}): ${fault}`);
      }
      return faults;
    },
    async finish() {
      const { rows } = await db.query<{ hash: string }>(
        'SELECT hash FROM login WHERE NOT hash = ANY ($1) ORDER BY hash LIMIT 100',
        [[...named]],
      );
      return rows.map(({ hash }) => `login ${hash} is on no event`);
    },
  };

  async function faultOf({ subject, action, detail }: TrailEvent, text: string | undefined): Promise<string | undefined> {
    if (text === undefined) return 'its login is not on the record';
    if (sha256(text) !== detail['login']) return 'its login was changed';
    const token = readIdToken(text);
    const login = 'claims' in token ? loginOf(token.claims, textOf(detail['claim'])) : token;
    if (!('claims' in token) || !('subject' in login)) return 'its login names nobody';
    const { email, issuer, subject: account, groups, name } = login;
    const says = { issuer, subject: account, groups, ...(action === 'person.enrolled' && { name }) };
    const fault = differing(detail, says);
    if (fault !== undefined || subject !== `person/${email}`) return `its login is by somebody else: ${fault ?? email}`;
    for (const { audience: clientId, jwk } of keysNamed(issuerKeys.seen, token)) {
      const expected = { issuer, clientId, nonce: textOf(token.claims['nonce'] as string), person: email };
      if (!foreignLogin(token.claims, expected) && (await isSignedWith(token, jwk))) return undefined;
    }
    return `its login is not signed by ${issuer}`;
  }
}
