import type { Right } from '../../domain/rights.js';
import { recordedPolicy } from '../../domain/policy-sections.js';
import type { PublicKey, Trust, TrustedIssuer, TrustedPerson } from '../../domain/trust.js';
import { keysOf } from '../people.js';
import { allIssuerKeys } from './issuer-keys.js';
import type { Db } from '../pool.js';

type PersonRow = Omit<TrustedPerson, 'publicKey' | 'keys' | 'account'> & {
  readonly publicKey: string | null;
  readonly issuer: string | null;
  readonly subject: string | null;
};

/** What the last event about a person until `$1` says of them, where it is given: logins and administrators change names and groups. */
const THEN = `
  LEFT JOIN LATERAL (
    SELECT body::jsonb -> 'detail' AS detail FROM audit_event
     WHERE subject = 'person/' || email AND at <= $1
       AND action IN ('person.enrolled', 'person.changed', 'person.regrouped', 'key.rotated', 'person.revoked')
     ORDER BY seq DESC LIMIT 1) was ON true`;

/** The rights that a serving system asks about. */
const SERVING_RIGHTS: readonly Right[] = ['hold', 'rollback'];

/**
 * The people of the record as somebody who verifies keeps them, by e-mail, with who may hold and roll back a model by the policy
 * in force. `until`, ISO, is the moment that is asked about: what was revoked, registered, renamed or regrouped after it does not count.
 */
export async function readTrust(
  db: Db,
  { model = '', until = null }: { model?: string; until?: string | null } = {},
): Promise<Trust> {
  const installations = await db.query<Pick<Trust, 'installation' | 'environment'>>(
    'SELECT id AS installation, environment FROM installation',
  );
  const people = await db.query<PersonRow>(
    `SELECT email, coalesce(was.detail ->> 'name', printed_name) AS name,
            CASE WHEN was.detail IS NULL THEN groups ELSE ARRAY(SELECT jsonb_array_elements_text(was.detail -> 'groups')) END AS groups,
            kid, public_key AS "publicKey", issuer, person.subject, assurance,
            CASE WHEN $1::timestamptz IS NULL OR revoked_at <= $1 THEN revoked_at END AS "revokedAt",
            CASE WHEN $1::timestamptz IS NULL OR stands_since <= $1 THEN stands_since END AS "standsSince"
       FROM person ${THEN} ORDER BY email`,
    [until],
  );
  const keys = await keysOf(
    db,
    people.rows.map(({ email }) => email),
  );
  const policies = await db.query<{ effective: string }>(
    `SELECT effective FROM policy WHERE model IN ($1, '_defaults') AND ($2::timestamptz IS NULL OR registered_at <= $2)
      ORDER BY model = $1 DESC, seq DESC LIMIT 1`,
    [model, until],
  );
  const [here, policy] = [installations.rows[0], policies.rows[0]];
  if (!here) throw new Error('the record has no installation');
  const rights = policy && recordedPolicy(policy.effective).rights;
  return {
    ...here,
    people: people.rows.map(({ publicKey, issuer, subject, ...row }) => ({
      ...row,
      account: issuer === null || subject === null ? null : { issuer, subject },
      publicKey: publicKey === null ? null : (JSON.parse(publicKey) as PublicKey),
      keys: keys.get(row.email) ?? [],
    })),
    issuers: await keptIssuers(db),
    ...(rights && { rights: Object.fromEntries(SERVING_RIGHTS.map((right) => [right, rights[right]])) }),
  };
}

/** The identity providers that people have logged in at, with every key of theirs that is kept. */
async function keptIssuers(db: Db): Promise<TrustedIssuer[]> {
  const issuers: { issuer: string; audience: string; keys: TrustedIssuer['keys'][number][] }[] = [];
  for (const { issuer, audience, kid, jwk } of await allIssuerKeys(db)) {
    let at = issuers.find((each) => each.issuer === issuer && each.audience === audience);
    if (!at) issuers.push((at = { issuer, audience, keys: [] }));
    at.keys.push({ kid, jwk: { ...jwk } });
  }
  return issuers;
}
