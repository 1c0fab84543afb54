import type { Command } from 'commander';
import { verb } from '../verb.js';
import type { EnrolOptions } from '../people/enrol.js';
import type { KeyOptions } from '../people/key.js';
import type { RevokeOptions } from '../people/revoke.js';
import type { RotateOptions } from '../people/rotate.js';

const KEY = `
The key file is encrypted with the passphrase and readable by you alone. The passphrase is asked for on the terminal, or read from
the file (0600) that GATEHOUSE_PASSPHRASE_FILE names.

Example:
  gatehouse people key --email dana.lee@example.com --name "Dana Lee" --out dana.jwk.json`;
const ENROL = `
Run by each of two administrators, with the same request, groups and --same-name; the first half lapses after 7 days. For an
enrolled person it changes their groups, or with a new request their key, which voids what they approved in open attempts.

Examples:
  gatehouse people enrol dana.request --groups ds-team --approver alice.admin@duetmind.example
  gatehouse people enrol --email dana.lee@example.com --groups ds-team,mlops --approver alice.admin@duetmind.example
  gatehouse people enrol --email d.lee@example.com --name "Dana Lee" --issuer https://id.example.com --subject 4711 \\
    --groups ds-team --same-name "two people of one name, in Oslo and in Bergen" --approver alice.admin@duetmind.example
  gatehouse people enrol alice.request --groups admin --first`;
const ROTATE = `
Example:
  gatehouse people rotate --approver dana.lee@example.com`;
const REVOKE = `
Example:
  gatehouse people revoke --email dana.lee@example.com --reason "she has left the company" --approver alice.admin@duetmind.example`;

/** Adds `people list`, `key`, `enrol`, `rotate` and `revoke`. */
export function peopleCommand(program: Command): void {
  const people = program.command('people').description('who may sign: keys, enrolment, revocation');
  verb(people, 'list', 'show everybody, and who waits for a second administrator', async () =>
    (await import('../people/list.js')).listPeople(),
  );
  verb<KeyOptions>(people, 'key', 'make your key, and the request to enrol it', async (options) =>
    (await import('../people/key.js')).makeKeyAndRequest(options),
  )
    .requiredOption('--email <E>', 'your e-mail address')
    .requiredOption('--name <N>', 'your name, as it is printed beside what you sign')
    .option('--out <FILE>', 'the key file; the request is written beside it')
    .addHelpText('after', KEY);
  verb<EnrolOptions>(
    people,
    'enrol [request]',
    'enrol somebody, or change them, as one of two administrators',
    async (options, file) => (await import('../people/enrol.js')).enrol(options, file),
  )
    .requiredOption('--groups <G,G>', 'the groups they are in')
    .option('--email <E>', 'an enrolled person whose groups change, or whoever has the account, instead of a request')
    .option('--name <N>', 'with --issuer: their name, as it is printed beside what they sign')
    .option('--issuer <URL>', 'the identity provider at which they sign in instead of having a key, as it names itself')
    .option('--subject <S>', 'with --issuer: the account, as the provider names it in sub')
    .option('--approver <E>', 'the administrator, whose key signs')
    .option('--same-name <R>', 'why somebody who looks like an enrolled person is another human, in 10–2,000 characters')
    .option('--first', 'enrol a first administrator as the owner (GATEHOUSE_OWNER_URL), while there are fewer than two')
    .addHelpText('after', ENROL);
  verb<RotateOptions>(people, 'rotate', 'put a new key in the place of your own', async (options) =>
    (await import('../people/rotate.js')).rotate(options),
  )
    .requiredOption('--approver <E>', 'you, whose old key signs')
    .addHelpText('after', ROTATE);
  verb<RevokeOptions>(people, 'revoke', 'end what somebody may do, and what they approved in open attempts', async (options) =>
    (await import('../people/revoke.js')).revoke(options),
  )
    .requiredOption('--email <E>', 'who')
    .requiredOption('--reason <R>', 'why, in 10–2,000 characters; signed, and on the record')
    .requiredOption('--approver <E>', 'the administrator, whose key signs')
    .addHelpText('after', REVOKE);
}
