import { isMailAddress, type MailServer } from '../../platform/mail-server.js';
import type { Mail } from '../../platform/mail.js';
import { Refused } from '../output.js';
import { shown } from '../record.js';

const ADDRESSES_AT_MOST = 20;

/** The addresses that `--mail` names, each once; throws a Refused (2) for what is none. */
export function mailTo(given: string): readonly string[] {
  const addresses = [...new Set(given.split(',').map((each) => each.trim()))];
  const wrong = addresses.find((address) => !isMailAddress(address));
  const allowed = `e-mail addresses with a comma between them, at most ${ADDRESSES_AT_MOST}`;
  if (wrong !== undefined) throw new Refused({ kind: 'usage', what: '--mail', given: shown(wrong), allowed });
  if (addresses.length <= ADDRESSES_AT_MOST) return addresses;
  throw new Refused({ kind: 'usage', what: '--mail', given: `${addresses.length} addresses`, allowed });
}

/** A checkpoint, and what its signed act says. */
export interface MailedCheckpoint {
  readonly text: string;
  readonly seq: number;
  readonly head: string;
  readonly by: string;
  readonly issued: string;
  readonly installation: string;
  /** SHA-256 of the signed act. */
  readonly hash: string;
}

/** The message that carries a checkpoint to where nobody here can reach; the same checkpoint has the same Message-ID. */
export function checkpointMail(made: MailedCheckpoint, to: readonly string[], { from }: MailServer): Mail {
  const { text, seq, head, by, issued, installation, hash } = made;
  const filename = `gatehouse-checkpoint-${seq}-${hash.slice(0, 8)}.json`;
  return {
    to,
    subject: `Gatehouse checkpoint: audit trail up to event ${seq}`,
    messageId: `gatehouse-checkpoint.${seq}.${hash.slice(0, 32)}@${from.slice(from.lastIndexOf('@') + 1)}`,
    text: [
      'The attached file is a signed checkpoint of an audit trail of Gatehouse. Keep it: it finds whatever of the trail is',
      'edited, deleted, inserted or cut off later, even by who owns the database.',
      '',
      `installation   ${installation}`,
      `up to event    ${seq}`,
      `head hash      ${head}`,
      `signed by      ${by}`,
      `signed at      ${issued}`,
      `signed act     ${hash}`,
      '',
      'To verify the trail against it, where the record can be read:',
      '',
      `  gatehouse audit verify --checkpoint ${filename}`,
      '',
      'The figures above are for reading; only the file is signed, and the command compares nothing else.',
      '',
    ].join('\n'),
    attachments: [{ filename, contentType: 'application/json', text }],
  };
}
