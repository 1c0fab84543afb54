import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { GATEHOUSE } from '../domain/audit.js';
import { canonicalJson } from '../domain/canonical.js';
import { appendAudit, databaseNow } from './audit.js';
import type { ConnectedPerson } from './connection-file.js';
import { generateKey, KeyError, keyPath, loadKey, type SigningKey } from './keys.js';
import { inTransaction, openPool, type Tx } from './pool.js';

const DOMAIN = 'duetmind.example';
const ENROLLED_BY = 'gatehouse up';

const person = (name: string, group: string): ConnectedPerson => {
  return { email: `${name.toLowerCase().replace(' ', '.')}@${DOMAIN}`, name, groups: [group] };
};

/** Who can try everything out: two admins, two who register and request, two for each gate, and the demo's serving system. */
const DEMO_PEOPLE: readonly ConnectedPerson[] = [
  person('Alice Admin', 'admin'),
  person('Anton Admin', 'admin'),
  person('Maria Mlops', 'mlops'),
  person('Marco Mlops', 'mlops'),
  person('Dana Datascience', 'ds-team'),
  person('Dimitri Datascience', 'ds-team'),
  person('Olga Devops', 'devops'),
  person('Omar Devops', 'devops'),
  person('Bea Business', 'business'),
  person('Boris Business', 'business'),
  person('Sara Security', 'security'),
  person('Simon Security', 'security'),
  person('Serving Demo', 'serving'),
];

interface EnrolledRow {
  email: string;
  kid: string | null;
}

/**
 * Makes sure that the demo people are on the record, each with a key file in `keysDir` that only this user can read, and
 * answers who they are. Whoever is enrolled stays as they are. Throws an Error when an enrolled person's key file is missing
 * or holds another key; where the environment is production nobody is enrolled, and nobody answered.
 */
export async function enrolDemoPeople({ ownerUrl, keysDir }: { ownerUrl: string; keysDir: string }): Promise<ConnectedPerson[]> {
  const pool = openPool(ownerUrl, 'gatehouse enrol', { max: 1 });
  try {
    const { rows } = await pool.query<{ environment: string }>('SELECT environment FROM installation');
    if (rows[0]?.environment === 'production') return [];
    // Whoever was enrolled anew or has another key since keeps it where they like.
    const enrolled = await pool.query<EnrolledRow>(
      `SELECT email, CASE WHEN assurance = 'demo' AND key_since = enrolled_at THEN kid END AS kid FROM person`,
    );
    const known = new Map(enrolled.rows.map(({ email, kid }) => [email, kid]));
    const missing: { who: ConnectedPerson; key: SigningKey }[] = [];
    for (const who of DEMO_PEOPLE) {
      const kid = known.get(who.email);
      if (kid === undefined) missing.push({ who, key: await keyFor(who, keysDir) });
      else if (kid !== null) await mustHold(who, kid, keysDir);
    }
    if (missing.length > 0) await inTransaction(pool, (tx) => enrol(tx, missing));
    return [...DEMO_PEOPLE];
  } finally {
    await pool.end();
  }
}

async function enrol(tx: Tx, people: readonly { who: ConnectedPerson; key: SigningKey }[]): Promise<void> {
  const enrolledAt = await databaseNow(tx);
  for (const { who, key } of people) {
    await tx.query(
      `INSERT INTO person (email, printed_name, groups, kid, public_key, assurance, enrolled_by, enrolled_at, key_since, stands_since)
       VALUES ($1, $2, $3, $4, $5, 'demo', $6, $7, $7, $7)`,
      [who.email, who.name, who.groups, key.kid, canonicalJson({ ...key.publicJwk }), ENROLLED_BY, enrolledAt],
    );
  }
  for (const { who, key } of people) {
    // All of the row: later nothing but the trail says whose key this is.
    const publicKey = { ...key.publicJwk };
    const detail = {
      name: who.name,
      groups: who.groups,
      key: key.kid,
      publicKey,
      assurance: 'demo',
      by: ENROLLED_BY,
      enrolledAt,
    };
    await appendAudit(tx, { action: 'person.enrolled', actor: GATEHOUSE, subject: `person/${who.email}`, detail });
  }
}

/** A new person's key: the one that an interrupted start left in its file, or else a new one. */
async function keyFor({ email, name }: ConnectedPerson, keysDir: string): Promise<SigningKey> {
  const path = keyPath(keysDir, email);
  if (existsSync(path)) return await loadKey(path);
  const key = await generateKey();
  // Name and address travel with the key, for scripts that know nothing but the key file.
  const text = `${JSON.stringify({ ...key.privateJwk, kid: key.kid, email, name }, null, 2)}\n`;
  const whole = `${path}.${process.pid}.new`;
  await writeFile(whole, text, { mode: 0o600, flag: 'wx', flush: true });
  await rename(whole, path);
  return key;
}

async function mustHold({ email }: ConnectedPerson, kid: string, keysDir: string): Promise<void> {
  const path = keyPath(keysDir, email);
  const why = await loadKey(path).then(
    (key) => (key.kid === kid ? undefined : `${path} holds another key`),
    // What its owner has protected since then is theirs to open.
    (error: unknown) => (error instanceof KeyError && error.isLocked ? undefined : (error as Error).message),
  );
  if (why === undefined) return;
  throw new Error(`${email} is enrolled, but ${why}; put the key file back, or start with another data directory`);
}
