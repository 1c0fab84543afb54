import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refused } from '../../client/output.js';
import type { RecordReader } from '../../client/record.js';
import { digestOfShown, sign, statementText } from '../../client/signing.js';
import type { ActPayload } from '../../domain/acts.js';
import { evidenceBytes } from '../../domain/checks.js';
import type { Refusal } from '../../domain/refusal.js';
import { enrolDemoPeople } from '../../platform/demo-people.js';
import { sha256 } from '../../platform/digest.js';
import { openEnvelope, verifySignature } from '../../platform/envelope.js';
import { keyPath } from '../../platform/keys.js';
import { allPeople } from '../../platform/people.js';
import { allPassed } from '../support/attempt.js';
import { copyDatabase, type TestDatabase } from '../support/database.js';

const OLGA = 'olga.devops@duetmind.example';
const SARA = 'sara.security@duetmind.example';
const FIELDS = { model: 'm', version: '1.0.0', from_stage: 'registered', to_stage: 'staging' };

let db: TestDatabase;
let keys: string;
let record: RecordReader;
beforeAll(async () => {
  db = await copyDatabase();
  keys = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'));
  record = { db: db.reader, close: () => Promise.resolve() };
  await enrolDemoPeople({ ownerUrl: db.ownerUrl, keysDir: keys });
});
afterAll(async () => {
  await db.close();
  rmSync(keys, { recursive: true, force: true });
});

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof Error && 'refusal' in error) return error.refusal as Refusal;
  throw new Error(`not refused: ${String(error)}`);
}

describe('the demo people', () => {
  it('are thirteen, each with a right, a private key file and an audit event', async () => {
    const people = await allPeople(db.reader);
    expect(people).toHaveLength(13);
    const groups = people.flatMap((person) => person.groups);
    for (const group of ['admin', 'mlops', 'ds-team', 'devops', 'business', 'security']) {
      expect(groups.filter((each) => each === group)).toHaveLength(2);
    }
    expect(groups.filter((each) => each === 'serving')).toHaveLength(1);
    for (const { email, assurance, kid } of people) {
      expect(assurance).toBe('demo');
      expect(statSync(keyPath(keys, email)).mode & 0o777).toBe(0o600);
      expect(JSON.parse(readFileSync(keyPath(keys, email), 'utf8'))).toMatchObject({ kid, email });
    }
    const { rows } = await db.reader.query(`SELECT 1 FROM audit_event WHERE action = 'person.enrolled'`);
    expect(rows).toHaveLength(13);
  });

  it('stay as they are when enrolled again', async () => {
    const before = await db.reader.query('SELECT * FROM person ORDER BY email');
    const people = await enrolDemoPeople({ ownerUrl: db.ownerUrl, keysDir: keys });
    expect(people).toHaveLength(13);
    expect((await db.reader.query('SELECT * FROM person ORDER BY email')).rows).toEqual(before.rows);
  });

  it('are refused when an enrolled person has no key file any more, or another one', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'));
    await expect(enrolDemoPeople({ ownerUrl: db.ownerUrl, keysDir: elsewhere })).rejects.toThrow(
      /alice\.admin.* is enrolled, but there is no key file/,
    );
    for (const { email } of await allPeople(db.reader)) copyFileSync(keyPath(keys, SARA), keyPath(elsewhere, email));
    await expect(enrolDemoPeople({ ownerUrl: db.ownerUrl, keysDir: elsewhere })).rejects.toThrow(/holds another key/);
    rmSync(elsewhere, { recursive: true });
  });

  it('are nobody where the environment is production', async () => {
    const production = await copyDatabase();
    await production.owner.query(`UPDATE installation SET environment = 'production'`);
    expect(await enrolDemoPeople({ ownerUrl: production.ownerUrl, keysDir: keys })).toEqual([]);
    expect(await allPeople(production.reader)).toEqual([]);
    await production.close();
  });
});

describe('signing an act', () => {
  it('signs exactly what it shows, as the enrolled person, for ten minutes', async () => {
    let seen: ActPayload = {};
    const envelope = await sign({ keys }, record, 'request', FIELDS, ` ${OLGA.toUpperCase()} `, {
      show: (payload) => (seen = payload),
    });
    const opened = openEnvelope(envelope);
    const olga = (await allPeople(db.reader)).find(({ email }) => email === OLGA);
    if (!opened.ok || !olga) throw new Error('not readable');
    expect(opened.envelope.payload).toEqual(seen);
    expect(seen).toMatchObject({
      ...FIELDS,
      typ: 'gatehouse-request/v1',
      person: OLGA,
      printed_name: 'Olga Devops',
      environment: 'development',
    });
    expect(Date.parse(String(seen['expires'])) - Date.parse(String(seen['issued']))).toBe(600_000);
    expect(opened.envelope.kid).toBe(olga.kid);
    expect(await verifySignature(envelope, olga.publicKey ?? {})).toBe(true);
  });

  it('never signs twice with one nonce', async () => {
    const nonces = new Set<unknown>();
    for (let i = 0; i < 5; i++)
      await sign({ keys }, record, 'request', FIELDS, OLGA, { show: ({ nonce }) => void nonces.add(nonce) });
    expect(nonces.size).toBe(5);
  });

  it("refuses somebody else's key by name, whoever is named on the command line", async () => {
    const keyFile = keyPath(keys, SARA);
    expect(await refusalOf(sign({ keys, keyFile }, record, 'request', FIELDS, OLGA))).toMatchObject({
      kind: 'identity',
      what: `--approver says ${OLGA}, the key belongs to ${SARA}`,
    });
  });

  it.each([
    ['somebody who is not enrolled', 'nobody@duetmind.example', 'identity', /--approver/],
    ['what is no address and would leave the folder', '../../etc/passwd', 'identity', /--approver/],
    ['nobody', '  ', 'usage', /--approver/],
  ] as const)('refuses %s', async (_, approver, kind, what) => {
    const refusal = await refusalOf(sign({ keys }, record, 'request', FIELDS, approver));
    expect(refusal.kind).toBe(kind);
    expect(refusal.what).toMatch(what);
  });

  it('refuses a key file that others can read', async () => {
    chmodSync(keyPath(keys, OLGA), 0o640);
    expect(await refusalOf(sign({ keys }, record, 'request', FIELDS, OLGA))).toMatchObject({
      kind: 'identity',
      allowed: 'mode 0600',
    });
    chmodSync(keyPath(keys, OLGA), 0o600);
  });

  it('refuses a field that the record could not read', async () => {
    const fields = { ...FIELDS, to_stage: '' };
    expect(await refusalOf(sign({ keys }, record, 'request', fields, OLGA))).toMatchObject({
      kind: 'usage',
      what: 'to_stage is not of its form',
    });
  });
});

describe('what a reviewer is shown', () => {
  const evidence = allPassed.map((finding, i) => ({
    ...finding,
    measured: { accuracy: `0.9${i}` },
    limit: { accuracy: '>= 0.85', roc_auc: '>= 0.8' },
  }));

  it('is what the evidence digest was made over, or nothing is signed', () => {
    const digest = sha256(evidenceBytes(evidence));
    expect(digestOfShown(evidence, digest)).toBe(digest);
    expect(() => digestOfShown(evidence.slice(1), digest)).toThrow(Refused);
  });

  it('names every figure and limit, and obeys no control character', () => {
    const text = statementText({ meaning: 'I attest', comment: 'bell \u0007 \u001b[2J' }, evidence);
    expect(text).toContain('accuracy 0.90, asked for >= 0.85');
    expect(text).toContain('roc_auc not measured, asked for >= 0.8');
    expect(text).toContain('comment  bell \\u0007 \\u001b[2J');
  });
});
