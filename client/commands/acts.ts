import type { Command } from 'commander';
import type { ActType } from '../../domain/acts.js';
import { formatDuration, parseDuration, suggestDuration } from '../../domain/quantity.js';
import { Refused, type Outcome } from '../output.js';
import { reasonFor } from '../reason.js';
import { findVersion, modelName, shown, versionName, type KnownVersion } from '../record.js';
import { actOutcome, asWriter, sendAct, type Writing } from '../signing.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
  readonly version: string;
  readonly reason: string;
  readonly approver: string;
  readonly by?: string;
}

type Fields = Readonly<Record<string, string | number>>;

interface Family {
  readonly act: ActType & ('extend' | 'pause' | 'resume' | 'withdraw' | 'repin' | 'release' | 'retire');
  readonly does: string;
  /** What the act has brought about, for the person at the terminal. */
  readonly done: (of: KnownVersion, fields: Fields) => string;
  /** The fields it signs besides model, version and reason. */
  readonly fields: (writing: Writing, of: KnownVersion, options: Options) => Promise<Fields>;
}

const ofAttempt = async (_: Writing, { attempt }: KnownVersion): Promise<Fields> =>
  Promise.resolve({ promotion: attempt?.id ?? '' });
const ofVersion = async (): Promise<Fields> => Promise.resolve({});

const FAMILY: readonly Family[] = [
  {
    act: 'extend',
    does: "move the soak maximum of a version in staging; by the soak minimum's length unless --by says otherwise",
    done: ({ version }, { by_ms: byMs }) => `the soak maximum of ${version} ends ${formatDuration(Number(byMs))} later`,
    fields: async (writing, of, options) => ({
      ...(await ofAttempt(writing, of)),
      by_ms: await extensionOf(writing, of, options),
    }),
  },
  {
    act: 'pause',
    does: 'stop both ends of the soak of a version in staging',
    done: ({ version }) => `the soak of ${version} stands still; gatehouse resume lets it go on`,
    fields: ofAttempt,
  },
  { act: 'resume', does: 'let a paused soak go on', done: ({ version }) => `the soak of ${version} goes on`, fields: ofAttempt },
  {
    act: 'withdraw',
    does: 'end your own attempt in staging',
    done: ({ version }) => `the attempt of ${version} is withdrawn; promote --from-stage withdrawn asks for another`,
    fields: ofAttempt,
  },
  {
    act: 'repin',
    does: 'pin the newest policy to a version in staging: its checks run again, approvals given so far are void',
    done: ({ version }) => `the newest policy is pinned to ${version}; its checks run again, all gates are open`,
    fields: async (writing, of) => ({ ...(await ofAttempt(writing, of)), policy_digest: await policyToPin(writing, of.model) }),
  },
  {
    act: 'release',
    does: 'let a quarantined version go: it is a rollback target again',
    done: ({ version }) => `${version} is no longer quarantined`,
    fields: ofVersion,
  },
  {
    act: 'retire',
    does: 'take the version in production out of it and leave none there',
    done: ({ model, version }) => `${version} is retired; nothing of ${model} is in production`,
    fields: ofVersion,
  },
];

/** The acts of people on one version, each with its reason: `extend pause resume withdraw repin release retire`. */
export function actCommand(act: Family['act']): (program: Command) => void {
  const family = FAMILY.find((each) => each.act === act);
  if (!family) throw new RangeError(`no act ${act}`);
  return (program) => {
    const command = verb<Options>(program, act, family.does, (options) => perform(family, options))
      .requiredOption('--model-name <M>', 'the model')
      .requiredOption('--version <V>', 'the version')
      .requiredOption('--reason <R>', 'why, in 10–2,000 characters; signed, and on the record')
      .requiredOption('--approver <E>', 'who does it, and whose key signs');
    if (act === 'extend') command.option('--by <D>', 'by how much, such as 3d');
    command.addHelpText(
      'after',
      `\nExample:\n  gatehouse ${act} --model-name alzheimer_classifier --version 1.2.0 \\\n    --reason "the reviewers are away this week" --approver maria.mlops@duetmind.example`,
    );
  };
}

async function perform(family: Family, options: Options): Promise<Outcome> {
  const named = { model: modelName(options.modelName), version: versionName(options.version) };
  const reason = reasonFor(options.reason);
  return await asWriter(async (writing) => {
    const known = await findVersion(writing.record.db, named);
    const fields = { ...named, ...(await family.fields(writing, known, options)), reason };
    const answer = await sendAct(writing, family.act, fields, options.approver);
    const outcome = actOutcome(answer, family.done(known, fields));
    const about = { promotionId: known.attempt?.id ?? null, state: known.attempt?.state ?? known.status };
    return { ...outcome, document: { ...about, ...outcome.document } };
  });
}

async function extensionOf({ record }: Writing, { attempt }: KnownVersion, { by }: Options): Promise<number> {
  if (by === undefined) {
    const { loadAttempt } = await import('../../platform/attempt.js');
    const known = attempt && (await loadAttempt(record.db, attempt.id));
    // Without an attempt there is nothing to extend, which is for the record to say.
    return known?.policy.soak.min ?? 1;
  }
  const ms = parseDuration(by);
  if (ms !== undefined && ms > 0) return ms;
  const meant = suggestDuration(by, 'd');
  const next = meant === undefined ? 'write it as 3d or 12h' : `did you mean ${meant}?`;
  throw new Refused({ kind: 'usage', what: '--by', given: shown(by), allowed: 'a duration of more than 0', next });
}

async function policyToPin({ record }: Writing, model: string): Promise<string> {
  const { newestPolicy } = await import('../../platform/newest-policy.js');
  const newest = await newestPolicy(record.db, model);
  if (newest) return newest.digest;
  throw new Refused({ kind: 'rule', what: 'no policy on the record', next: 'gatehouse policy register' });
}
