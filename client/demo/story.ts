import { setTimeout as delay } from 'node:timers/promises';
import { promotionWorkflowId } from '../../domain/ids.js';
import type { Gate } from '../../domain/policy.js';
import type { Stage } from '../../domain/progress.js';
import type { Connection } from '../../platform/connection-file.js';
import { openPool } from '../../platform/pool.js';
import { readVersions } from '../../platform/read/versions.js';
import { firstLines, linesWith, Unexpected, type Narrator, type Step } from './narrator.js';
import { watched } from './watched.js';

const MODEL = 'alzheimer_classifier';
const EXAMPLE = 'examples/alzheimer';
const STAGE_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 200;

/** Who plays which part: the first of a group, or the second. */
interface Cast {
  readonly admin: string;
  readonly mlops: string;
  /** Registers the versions and asks for their promotions. */
  readonly author: string;
  readonly reviewers: Readonly<Record<Gate, string>>;
}

/** Where the story happens, and how it is broken off. */
export interface Scene {
  readonly connection: Connection;
  readonly dataDir: string;
  readonly signal: AbortSignal;
}

/** Tells the whole life of the example's versions on a fresh stack. Throws an `Unexpected` as soon as anything goes otherwise. */
export async function tellStory(tell: Narrator, { connection, dataDir, signal }: Scene): Promise<void> {
  const cast = castOf(connection);
  const until = stageWatch(connection, signal);
  await foundations(tell, cast);
  await failing(tell, cast);
  await intoStaging(tell, cast, connection);
  await fourPeople(tell, cast);
  await soak(tell, until);
  await worse(tell, cast);
  await better(tell, cast, until);
  await watched(tell, { connection, dataDir, signal, model: MODEL, version: '1.4.0', previous: '1.2.0' });
  await looking(tell);
}

async function foundations(tell: Narrator, { admin, mlops, author }: Cast): Promise<void> {
  tell.chapter(
    'What is approved before any model',
    'Registering a feature view or a data set approves it. The policy holds the guidelines’ numbers: accuracy from 85 %,',
    'ROC AUC from 0.80, a soak of 7 to 14 days, four gates. Every act is signed with the key of the person named.',
  );
  await tell.run({
    words: ['feature-view', 'register', `${EXAMPLE}/feature-view.yaml`, '--approver', mlops],
    show: firstLines(1),
  });
  await tell.run(
    { words: ['dataset', 'register', `${EXAMPLE}/training-set.yaml`, '--approver', mlops], show: firstLines(1) },
    { words: ['dataset', 'register', `${EXAMPLE}/holdout-set.yaml`, '--approver', mlops], show: firstLines(1) },
  );
  await tell.run({ words: ['policy', 'register', `${EXAMPLE}/policy-watched.yaml`, '--approver', admin], show: firstLines(1) });
  tell.chapter(
    'Four versions of a real model',
    'Each is an ONNX file with its description, trained on the Alzheimer data of the example.',
  );
  const versions = ['1.1.0', '1.2.0', '1.3.0', '1.4.0'];
  await tell.run(
    ...versions.map((version): Step => ({
      words: ['register', `${EXAMPLE}/packages/${version}`, '--approver', author],
      show: firstLines(1),
    })),
  );
}

async function failing(tell: Narrator, { author }: Cast): Promise<void> {
  tell.chapter(
    '1.1.0 fails its checks',
    'Gatehouse runs the model on the hold-out set itself. Its ROC AUC would do, its accuracy does not.',
  );
  await tell.run({ words: toStaging('1.1.0', author), code: 3 });
  await tell.run({ words: ['check', ...named('1.1.0')], code: 3, show: linesWith(/CONDITION|performance/) });
}

async function intoStaging(tell: Narrator, { author }: Cast, { temporal }: Connection): Promise<void> {
  tell.chapter('1.2.0 passes and enters staging', 'The soak begins and all four gates open.');
  await tell.run({ words: toStaging('1.2.0', author) });
  const run = encodeURIComponent(promotionWorkflowId(`${MODEL}/1.2.0/1`));
  tell.say('', `Its run in Temporal's UI: ${temporal.uiUrl}/namespaces/${temporal.namespace}/workflows/${run}`);
  await tell.run({ words: ['pending', '--gate', 'devops'], show: firstLines(2) });
}

async function fourPeople(tell: Narrator, { author, reviewers }: Cast): Promise<void> {
  tell.chapter(
    'Four people approve, and two attempts are refused',
    'Whoever registered a version decides none of its gates, and each gate belongs to its own group.',
  );
  await tell.run(approval('1.2.0', 'data-science', author, 3));
  await tell.run(approval('1.2.0', 'devops', reviewers.devops));
  await tell.run(approval('1.2.0', 'security', reviewers.devops, 4));
  await tell.run(
    approval('1.2.0', 'data-science', reviewers['data-science']),
    approval('1.2.0', 'business', reviewers.business),
    approval('1.2.0', 'security', reviewers.security),
  );
}

async function soak(tell: Narrator, until: StageWatch): Promise<void> {
  tell.chapter('The soak is what is missing now', 'All gates are approved; seven healthy days in staging are not over yet.');
  await tell.run({ words: ['check', ...named('1.2.0')], code: 3, show: linesWith(/^\S|CONDITION|soak/) });
  tell.say(
    '',
    'The demo cannot wait a week. It moves the clock of its own database on, and counts the time as healthy, marked as',
    'simulated on the record. Where the environment is production this command is refused.',
  );
  await tell.run({ words: ['clock', 'advance', '7d'] });
  tell.say('', 'The run in Temporal hears of it, checks again what can go stale, and changes production by itself:');
  await until('1.2.0', 'production');
  await tell.run({ words: ['status', ...named('1.2.0')], show: firstLines(10) });
}

async function worse(tell: Narrator, { author }: Cast): Promise<void> {
  tell.chapter(
    '1.3.0 is good enough, and worse than production',
    'It passes every threshold. Run beside 1.2.0 on the same hold-out set it is worse, so it goes no further.',
  );
  await tell.run({ words: toStaging('1.3.0', author), code: 3 });
  await tell.run({ words: ['check', ...named('1.3.0')], code: 3, show: linesWith(/CONDITION|performance|not-worse/) });
}

async function better(tell: Narrator, { author, reviewers }: Cast, until: StageWatch): Promise<void> {
  tell.chapter('1.4.0 is better, and replaces 1.2.0', 'The same way again: checks, four people, seven days.');
  await tell.run({ words: toStaging('1.4.0', author) });
  await tell.run(...(Object.entries(reviewers) as [Gate, string][]).map(([gate, person]) => approval('1.4.0', gate, person)));
  await tell.run({ words: ['clock', 'advance', '7d'], show: firstLines(1) });
  await until('1.4.0', 'production');
  await tell.run({ words: ['status', '--model-name', MODEL], show: firstLines(6) });
  tell.say('', '1.2.0 was archived in the same transaction, and is kept for a calendar year at least.');
}

async function looking(tell: Narrator): Promise<void> {
  tell.chapter(
    'All of it is on the record',
    'Every act and every change of state is an event, chained to the one before it by its hash.',
  );
  await tell.run({ words: ['audit', 'list', '--model-name', MODEL, '--limit', '5'], show: firstLines(6) });
  await tell.run({ words: ['audit', 'verify'] });
}

function named(version: string): string[] {
  return ['--model-name', MODEL, '--version', version];
}

function toStaging(version: string, author: string): string[] {
  return ['promote', ...named(version), '--from-stage', 'registered', '--to-stage', 'staging', '--approver', author, '--wait'];
}

function approval(version: string, gate: Gate, approver: string, code = 0): Step {
  return { words: ['approve', ...named(version), '--gate', gate, '--approver', approver], code, show: linesWith(/^accepted/) };
}

function castOf({ people }: Connection): Cast {
  const member = (group: string, which = 0): string => {
    const email = people.filter(({ groups }) => groups.includes(group))[which]?.email;
    if (email === undefined) throw new Unexpected(`the stack has no person ${which + 1} in ${group}`);
    return email;
  };
  const reviewers = {
    'data-science': member('ds-team', 1),
    devops: member('devops'),
    business: member('business'),
    security: member('security'),
  };
  return { admin: member('admin'), mlops: member('mlops'), author: member('ds-team'), reviewers };
}

/** Waits until a version is in a stage. */
type StageWatch = (version: string, stage: Stage) => Promise<void>;

function stageWatch({ readUrl }: Connection, signal: AbortSignal): StageWatch {
  return async (version, stage) => {
    const pool = openPool(readUrl, 'gatehouse demo', { max: 1 });
    try {
      let is: Stage | undefined;
      for (const end = Date.now() + STAGE_WITHIN_MS; Date.now() < end; await delay(LOOK_EVERY_MS, undefined, { signal })) {
        is = (await readVersions(pool, { model: MODEL, version }))[0]?.stage;
        if (is === stage) return;
      }
      throw new Unexpected(`${version} is ${is ?? 'unknown'} and not in ${stage} after ${STAGE_WITHIN_MS / 1000} s`);
    } finally {
      await pool.end();
    }
  };
}
