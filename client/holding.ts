import { existsSync } from 'node:fs';
import { ACTS, wrongField, type ActPayload } from '../domain/acts.js';
import { HOLD_VALID_FOR_MS } from '../domain/hold.js';
import type { Refusal } from '../domain/refusal.js';
import { groupsTrustedWith, hasTrustedRight, type Trust, type TrustedPerson } from '../domain/trust.js';
import { readConfig, type HoldConfig } from '../platform/config.js';
import { writePrivateJson } from '../platform/connection-file.js';
import { signEnvelope } from '../platform/envelope.js';
import { keyPath, loadKey } from '../platform/keys.js';
import { signedHolds } from '../platform/serving/held-by.js';
import { holdSpool } from '../platform/serving/hold-spool.js';
import { readTrustFile } from '../platform/serving/trust-file.js';
import { Refused } from './output.js';
import { passphraseFrom } from './passphrase.js';
import { openRecord, shown, within } from './record.js';
import { newNonce } from './signing.js';

/** What somebody asks for; `model` is '' for all of them. */
export interface AskedHold {
  readonly model: string;
  readonly isOn: boolean;
  readonly reason: string;
  readonly approver: string;
}

/** A hold that is signed, and the file in which the serving side finds it, or why it could not be put there. */
export type SignedHold = { readonly envelope: string } & (
  { readonly spooled: string } | { readonly spooled: null; readonly refusal: Refusal }
);

/** A record that takes longer is done without: whoever stops a model has no time. */
const RECORD_WITHIN_MS = 1_500;

/**
 * Signs a hold or its lift and puts it where the serving side reads it, asking the record for nothing that it does not answer at
 * once. Throws a Refused where it cannot be signed.
 */
export async function signHold(config: HoldConfig, asked: AskedHold): Promise<SignedHold> {
  const { trust, now, recorded } = await atHand(config, asked.model);
  const person = personOf(trust, asked.approver);
  const path = config.keyFile ?? keyPath(config.keys, person.email);
  const key = await loadKey(path, passphraseFrom(config));
  if (key.kid !== person.kid) {
    const what = `--approver says ${person.email}, the key is another's`;
    throw new Refused({ kind: 'identity', what, given: path, allowed: 'your own enrolled key' });
  }
  const spooled = await signedHolds(config.serving, asked.model, trust).catch(() => []);
  const issued = issuedAfter(now, [...recorded, ...spooled.map(({ payload }) => Date.parse(String(payload['issued'])))]);
  const payload: ActPayload = {
    typ: ACTS.hold.typ,
    installation: trust.installation,
    environment: trust.environment,
    person: person.email,
    printed_name: person.name,
    nonce: newNonce(),
    issued: new Date(issued).toISOString(),
    expires: new Date(issued + HOLD_VALID_FOR_MS).toISOString(),
    model: asked.model,
    hold: asked.isOn ? 'on' : 'off',
    reason: asked.reason,
  };
  const wrong = wrongField('hold', payload);
  if (wrong !== undefined) throw new Refused({ kind: 'usage', what: wrong, next: 'see --help' });
  const envelope = await signEnvelope(payload, key);
  const notSpooled = (refusal: Refusal) => ({ envelope, spooled: null, refusal });
  const away = (what: string): Refusal => ({ kind: 'away', what, next: 'stop it at the serving system, and try again' });
  if (!hasTrustedRight(trust, person, 'hold')) return notSpooled(noRight(trust, person));
  if (!config.mayMakeServing && !existsSync(config.serving))
    return notSpooled(away(`there is no serving directory ${config.serving}; GATEHOUSE_SERVING names it`));
  try {
    return { envelope, spooled: await holdSpool(config.serving).put(asked.model, envelope) };
  } catch (error) {
    return notSpooled(away(`the serving directory cannot be written in: ${(error as Error).message}`));
  }
}

function noRight(trust: Trust, { email, groups }: TrustedPerson): Refusal {
  return {
    kind: 'identity',
    what: `${email} has no right to a hold`,
    given: `groups ${groups.join(', ')}`,
    allowed: `groups ${(groupsTrustedWith(trust, 'hold') ?? []).join(', ')}`,
    next: 'ask somebody who has it',
  };
}

interface AtHand {
  readonly trust: Trust;
  readonly now: number;
  /** When the holds and lifts on the record were signed, in milliseconds. */
  readonly recorded: readonly number[];
}

/** Who people are, and what time it is: by the record where it answers, or else by the file of people and this machine's clock. */
async function atHand(config: HoldConfig, model: string): Promise<AtHand> {
  const recorded = await fromRecord(model).catch(() => undefined);
  if (recorded && !config.isTrustNamed) {
    try {
      writePrivateJson(config.trust, recorded.trust);
    } catch {
      // Without a data directory there is nowhere to keep a copy.
    }
    return recorded;
  }
  try {
    return { trust: readTrustFile(config.trust), now: recorded?.now ?? Date.now(), recorded: recorded?.recorded ?? [] };
  } catch (error) {
    throw new Refused({
      kind: config.isTrustNamed ? 'usage' : 'away',
      what: `nothing here says who you are: ${(error as Error).message}`,
      allowed: 'the record, or a file of people',
      next: 'name one in GATEHOUSE_TRUST; gatehouse people list --json prints it',
    });
  }
}

async function fromRecord(model: string): Promise<AtHand> {
  const { readTrust } = await import('../platform/read/trust.js');
  const { recordedHolds } = await import('../platform/read/holds-signed.js');
  const { databaseNow } = await import('../platform/audit.js');
  const opening = openRecord(readConfig());
  try {
    return await within(
      RECORD_WITHIN_MS,
      opening.then(async ({ db }) => ({
        trust: await readTrust(db, { model }),
        now: Date.parse(await databaseNow(db)),
        recorded: (await recordedHolds(db, model)).map(({ issued }) => issued),
      })),
    );
  } finally {
    void opening.then(
      ({ close }) => close(),
      () => undefined,
    );
  }
}

function personOf(trust: Trust, approver: string): TrustedPerson {
  const email = approver.trim().toLowerCase();
  const person = trust.people.find((each) => each.email === email);
  if (person) return person;
  const given = approver.trim() === '' ? 'nothing' : shown(approver);
  throw new Refused({ kind: 'identity', what: '--approver', given, allowed: 'the e-mail address of an enrolled person' });
}

/** Of holds and lifts the later one counts, so that each is signed as later than what it answers, whatever this clock says. */
function issuedAfter(now: number, before: readonly number[]): number {
  return Math.max(now, ...before.map((issued) => issued + 1));
}
