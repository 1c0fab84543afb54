import { rename, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { signRequest } from '../../platform/enrolment-request.js';
import { keyPath } from '../../platform/keys.js';
import { allPeople } from '../../platform/people.js';
import { makeKey } from '../new-key.js';
import { Refused, type Outcome } from '../output.js';
import { newPassphrase } from '../passphrase.js';
import { shown } from '../record.js';
import { actOutcome, asWriter, sendAct, type Writing } from '../signing.js';

/** What `people rotate` is told. */
export interface RotateOptions {
  readonly approver: string;
}

const SHOWN = 8;

/** Makes a new key for an enrolled person, has it taken by an act signed with the old one, and puts its file in the old one's place. */
export async function rotate({ approver }: RotateOptions): Promise<Outcome> {
  return await asWriter(async (writing) => {
    const { config, record } = writing;
    const email = approver.trim().toLowerCase();
    const person = (await allPeople(record.db)).find((each) => each.email === email);
    if (!person?.kid)
      throw new Refused({
        kind: 'identity',
        what: '--approver',
        given: shown(approver),
        allowed: 'an enrolled person with a key',
      });
    const file = config.keyFile === undefined ? keyPath(config.keys, email) : resolve(config.keyFile);
    const made = `${file}.new`;
    const key = await makeKey(made, await newPassphrase(config));
    const request = await signRequest({ email, name: person.printedName }, key);
    const answer = await sendOrKeep(writing, { key: key.kid, request }, approver, made);
    if (answer.refusal) {
      await unlink(made);
      return actOutcome(answer, '');
    }
    const old = `${file}.${person.kid.slice(0, SHOWN)}.old`;
    await rename(file, old);
    await rename(made, file);
    const text = `the key of ${email} is now ${key.kid}, in ${file}; what you approved stands. The old one is in ${old}.`;
    const outcome = actOutcome(answer, text);
    return { ...outcome, document: { ...outcome.document, file, old } };
  });
}

/** Whoever hears no answer cannot know which key counts: both files stay. */
async function sendOrKeep(writing: Writing, fields: Readonly<Record<string, string>>, approver: string, made: string) {
  try {
    return await sendAct(writing, 'rotate', fields, approver);
  } catch (error) {
    const refusal = error instanceof Refused ? error.refusal : undefined;
    if (refusal?.kind !== 'away') {
      await unlink(made);
      throw error;
    }
    const next = `the new key is kept in ${made}: see gatehouse people list whether it counts`;
    throw new Refused({ ...refusal, next });
  }
}
