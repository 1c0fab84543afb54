import { GROUP_LIST } from '../../domain/ids.js';
import { openRequest, type EnrolmentRequest } from '../../platform/enrolment-request.js';
import { readWritten } from '../files.js';
import { Refused, type Outcome } from '../output.js';
import { reasonFor } from '../reason.js';
import { shown, type RecordReader } from '../record.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';

/** What `people enrol` is told. */
export interface EnrolOptions {
  readonly groups: string;
  readonly email?: string;
  readonly name?: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly sameName?: string;
  readonly approver?: string;
  readonly first?: boolean;
}

/**
 * Enrols somebody by their request or their account, or changes the groups of an enrolled person: as one of two administrators, or
 * as the owner.
 */
export async function enrol(options: EnrolOptions, file: string | undefined): Promise<Outcome> {
  const groups = groupList(options.groups);
  if (options.first) return await asOwner(options, groups, file);
  const { approver, email } = options;
  if (approver === undefined) throw usage('--approver', 'nothing', 'the e-mail of the administrator who signs');
  if ((file === undefined) === (email === undefined)) {
    throw usage(
      'who is enrolled',
      file === undefined ? 'nobody' : 'a file and --email',
      'a request file, or --email of an enrolled person',
    );
  }
  const sameName = options.sameName === undefined ? '' : reasonFor(options.sameName);
  const account = accountIn(options, file);
  const asked = file === undefined ? account : await requestIn(file);
  return await asWriter(async (writing) => {
    const who = asked ?? (await onRecord(writing.record, addressIn(email)));
    const fields = { issuer: '', subject: '', ...who, member_of: groups, same_name: sameName };
    const answer = await sendAct(writing, 'enrol', fields, approver);
    return actOutcome(answer, told(answer.result, who));
  });
}

type Who = {
  readonly email: string;
  readonly name: string;
  readonly key: string;
  readonly request: string;
  /** Their account at an identity provider, where they have no key. */
  readonly issuer?: string;
  readonly subject?: string;
};

function told(
  { email, name, groups, state, until, replaces }: Readonly<Record<string, unknown>>,
  { key, issuer, subject }: Who,
): string {
  const by = key === '' ? `account ${subject} at ${issuer}` : `key ${key}`;
  const what = [`${String(name)} <${String(email)}>, groups ${String(groups)}, ${by}`];
  if (state !== 'waiting') return [...what, state === 'changed' ? 'is changed' : 'is enrolled'].join(' ');
  const lapses = `The enrolment waits for a second administrator and lapses at ${String(until)}.`;
  const compare =
    key === '' ? 'the account with what the provider has of them' : 'the thumbprint with the one that they read to you';
  const lost =
    Array.isArray(replaces) && replaces.length > 0
      ? [`${String(email)} is enrolled already; this replaces ${replaces.join('; ')}.`]
      : [];
  return [...what, ...lost, lapses, `Compare ${compare}.`].join('\n');
}

async function asOwner({ approver, email, ...more }: EnrolOptions, groups: string, file: string | undefined): Promise<Outcome> {
  if (approver !== undefined) throw usage('--first', 'with --approver', 'one of them: the owner signs nothing');
  if (file === undefined || email !== undefined || more.issuer !== undefined || more.subject !== undefined)
    throw usage('--first', 'no request file', 'the request of the person, made with people key');
  const { request, ...who } = await requestIn(file);
  const { readConfig } = await import('../../platform/config.js');
  const { ownerUrl } = readConfig(process.env, ['ownerUrl']);
  const { enrolFirst, NotFirst } = await import('../../platform/first-administrators.js');
  const { recordAway } = await import('../record.js');
  const opened = await openRequest(request);
  if (!opened.ok) throw usage('request', opened.why, 'the file that people key made');
  const count = await enrolFirst(ownerUrl, opened.request, groups.split(',')).catch((error: unknown) => {
    throw new Refused(error instanceof NotFirst ? error.refusal : recordAway(ownerUrl, error, 'GATEHOUSE_OWNER_URL'));
  });
  const next =
    count < 2 ? 'enrol a second administrator, then everybody else is enrolled by the two' : 'from now on administrators enrol';
  const text = `${who.name} <${who.email}> is enrolled by the owner, key ${who.key}; ${next}`;
  return { document: { ok: true, ...who, groups, state: 'enrolled', administrators: count }, text };
}

async function requestIn(path: string): Promise<Who> {
  const text = (await readWritten(path)).bytes.toString('latin1').trim();
  const opened = await openRequest(text);
  if (!opened.ok) throw usage(`request ${path}`, opened.why, 'the file that people key made');
  const { email, name, kid }: EnrolmentRequest = opened.request;
  return { email, name, key: kid, request: text };
}

/** Who is enrolled by an account of an identity provider instead of a key, where it is named. */
function accountIn({ email, name, issuer, subject }: EnrolOptions, file: string | undefined): Who | undefined {
  const given = Object.entries({ name, issuer, subject }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  if (file === undefined && email !== undefined && name !== undefined && issuer !== undefined && subject !== undefined)
    return { email: addressIn(email), name: name.trim(), key: '', request: '', issuer, subject };
  const flags = [...given.map(([flag]) => `--${flag}`), ...(file === undefined ? [] : ['a request file'])];
  throw usage('an account', flags.join(', '), '--email, --name, --issuer and --subject, and no request file');
}

function addressIn(email = ''): string {
  return email.trim().toLowerCase();
}

async function onRecord({ db }: RecordReader, email: string): Promise<Who> {
  const { allPeople } = await import('../../platform/people.js');
  const person = (await allPeople(db)).find((each) => each.email === email);
  if (!person) throw usage('--email', shown(email), 'an enrolled person; others are enrolled by their request file or account');
  return { email, name: person.printedName, key: person.kid ?? '', request: '', ...person.account };
}

function groupList(given: string): string {
  const names = given.split(',').map((name) => name.trim());
  const list = [...new Set(names)].sort().join(',');
  if (GROUP_LIST.test(list)) return list;
  throw usage('--groups', shown(given), 'names of groups, such as security,mlops');
}

function usage(what: string, given: string, allowed: string): Refused {
  return new Refused({ kind: 'usage', what, given, allowed, next: 'see gatehouse people enrol --help' });
}
