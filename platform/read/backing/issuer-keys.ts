import type { JWK } from 'jose';
import { canonicalJson } from '../../../domain/canonical.js';
import type { IssuerKey } from '../../issuer-keys.js';
import { thumbprint } from '../../keys.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import { scan } from './scan.js';
import { micros } from './times.js';

/** The keys of identity providers, and those that the trail has so far: what was signed by a login is verified with these alone. */
export interface IssuerKeys extends Backing {
  readonly seen: readonly IssuerKey[];
}

type Row = Readonly<Record<'issuer' | 'audience' | 'kid' | 'thumbprint' | 'jwk' | 'first_seen', string>>;

const KEYS = `SELECT issuer, audience, kid, thumbprint, jwk, ${micros('first_seen')} AS first_seen FROM identity_key ORDER BY issuer, audience, kid, thumbprint`;

/** Compares every issuer's key with the event of its first appearance. */
export function issuerKeysBacking(db: Db): IssuerKeys {
  const seen: IssuerKey[] = [];
  const told = new Map<string, { readonly seq: number; readonly columns: Row }>();
  return {
    seen,
    async take(events) {
      const faults: string[] = [];
      for (const event of events.filter(({ action }) => action === 'issuer.key-seen')) {
        const { key, columns } = await asSeen(event);
        if (event.subject !== `issuer-key/${key.thumbprint}`)
          faults.push(`event ${event.seq} is about another key than it holds`);
        else if (told.has(nameOf(columns))) faults.push(`event ${event.seq} sees a key for the first time that was seen before`);
        else seen.push(key);
        told.set(nameOf(columns), { seq: event.seq, columns });
      }
      return faults;
    },
    async finish() {
      const unseen = new Set(told.keys());
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, KEYS)) {
        for (const row of rows) {
          unseen.delete(nameOf(row));
          const says = told.get(nameOf(row));
          const fault = says && differing(row, says.columns);
          if (!says) faults.push(`key ${row.thumbprint} of ${row.issuer} is on no event`);
          else if (fault !== undefined)
            faults.push(`key ${row.thumbprint} of ${row.issuer} is not the one of event ${says.seq}: ${fault}`);
        }
      }
      return [...faults, ...[...unseen].map((name) => `key ${name} is on the trail and not on the record`)];
    },
  };
}

function nameOf({ issuer, audience, kid, thumbprint: name }: Row): string {
  return [name, kid, audience, issuer].join(' ');
}

async function asSeen({ detail }: TrailEvent): Promise<{ key: IssuerKey; columns: Row }> {
  const { issuer, audience, kid, jwk = null, firstSeen } = detail;
  const said = { issuer: textOf(issuer), audience: textOf(audience), kid: textOf(kid) };
  const key = { ...said, jwk: { ...(jwk as JWK | null) } };
  const name = await thumbprint(key.jwk).catch(() => 'none');
  const columns = { ...said, thumbprint: name, jwk: canonicalJson(jwk), first_seen: `${textOf(firstSeen).slice(0, -1)}000Z` };
  return { key: { ...key, thumbprint: name }, columns };
}
