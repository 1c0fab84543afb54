import { canonicalJson } from '../../domain/canonical.js';
import { generateKey, keyPath, writeKey } from '../../platform/keys.js';
import type { World } from './world.js';

/** Puts a person with these groups and a key of their own on the record, beside the demo people. */
export async function newcomer({ db, keysDir }: World, email: string, ...groups: readonly string[]): Promise<string> {
  const key = await generateKey();
  await writeKey(keyPath(keysDir, email), key);
  await db.owner.query(
    `INSERT INTO person (email, printed_name, groups, kid, public_key, assurance, enrolled_by) VALUES ($1, $1, $2, $3, $4, 'enrolled', 'test')`,
    [email, groups, key.kid, canonicalJson({ ...key.publicJwk })],
  );
  return email;
}
