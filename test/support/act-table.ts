import type { ActPayload, ActType, Decision } from '../../domain/acts.js';
import { glassFields } from '../../domain/break-glass-act.js';
import type { AuditAction } from '../../domain/audit.js';
import type { Gate } from '../../domain/policy.js';
import type { RefusalKind } from '../../domain/refusal.js';
import { meaningOf, statementFields } from '../../domain/statement.js';
import { loadAttempt } from '../../platform/attempt.js';
import type { Db } from '../../platform/pool.js';
import { APPROVED, stageAt, VERSION_IN, type Place } from './all-stages.js';
import { PEOPLE } from './promotion.js';
import { MODEL } from './stack.js';
import { AT } from './world.js';

const REASON = 'to see what becomes of it';
const NONE = '0'.repeat(64);

type Refused = readonly [RefusalKind, string];
/** One act, and what comes of it at every place a version can be. */
export interface Row {
  readonly act: ActType;
  readonly said?: string;
  readonly by: string;
  /** What is signed besides model, version and reason. */
  readonly fields: (place: Place, reader: Db) => ActPayload | Promise<ActPayload>;
  /** Another act that has to be done before this one can be. */
  readonly after?: ActType;
  /** Where it is done: the events it writes, and the stages it changes by version. */
  readonly done: Partial<Record<Place, readonly [events: readonly AuditAction[], stages?: Record<string, string>]>>;
  readonly refused: (place: Place) => Refused;
}

const promotion = (place: Place) => ({ promotion: place === 'registered' ? '' : `${MODEL}/${VERSION_IN[place]}/1` });
const isPlain = (place: Place) => `${VERSION_IN[place].replaceAll('.', '\\.')} is ${stageAt(place)}`;

function onAttempt(act: ActType, more: Pick<Row, 'done'> & Partial<Row>): Row {
  const refused = (place: Place): Refused => {
    const why = place === 'registered' ? '.* has no attempt' : isPlain(place);
    return ['conflict', `${act} is for a version in staging; given: ${why}`];
  };
  return { act, by: PEOPLE.mlops, fields: (place) => ({ ...promotion(place), reason: REASON }), refused, ...more };
}

function decide(decision: Decision, gate: Gate, by: string, done: Row['done']): Row {
  const refused = (place: Place): Refused =>
    place === 'registered'
      ? ['identity', 'promotion; .* allowed: a promotion on the record']
      : ['conflict', `gates are open in staging only; given: ${isPlain(place)}; allowed: staging`];
  const fields = async (place: Place, reader: Db) => {
    const id = `${MODEL}/${VERSION_IN[place]}/1`;
    const attempt = await loadAttempt(reader, id);
    const staging = await loadAttempt(reader, `${MODEL}/${VERSION_IN.staging}/1`);
    // Where there is nothing to sign yet somebody signs what another version's statement says.
    const other = staging && { ...statementFields(staging), version: VERSION_IN[place], promotion: id };
    const statement = (attempt && statementFields(attempt)) ?? other;
    const asks = staging?.policy.gates[gate].asks ?? '';
    const comment = decision === 'reject' ? REASON : '';
    return { ...(statement as ActPayload), gate, decision, meaning: meaningOf(decision, gate, asks), comment };
  };
  return { act: 'decision', said: decision, by, fields, done, refused };
}

function resolve(stage: 'staging' | 'production'): Row {
  const there = VERSION_IN[stage].replaceAll('.', '\\.');
  return {
    act: 'resolve',
    said: `resolve in ${stage}`,
    by: PEOPLE.mlops,
    fields: () => ({ stage }),
    done: { [stage]: [['version.resolved']] },
    refused: (place) => ['conflict', `${VERSION_IN[place]} is not in ${stage}; .*allowed: ${there}`],
  };
}

const asked = ['promotion.requested', 'stage.changed'] as const;
/** Every act that is about a version (rules §1, §3, §5). */
export const TABLE: readonly Row[] = [
  {
    act: 'request',
    by: PEOPLE.mlops,
    fields: (place) => ({ from_stage: stageAt(place), to_stage: 'staging' }),
    done: Object.fromEntries(
      (['registered', 'rejected', 'withdrawn', 'expired'] as const).map((place) => [
        place,
        [asked, { [VERSION_IN[place]]: 'validating' }],
      ]),
    ),
    refused: (place) =>
      place === 'quarantined'
        ? ['rule', 'quarantined: rolled back .*never promoted while quarantined']
        : place === 'archived'
          ? ['rule', 'is not a step from archived']
          : ['conflict', `already ${place} since`],
  },
  {
    act: 'promote',
    by: PEOPLE.mlops,
    fields: (place) => ({ ...promotion(place), from_stage: 'staging', to_stage: 'production' }),
    done: {},
    refused: (place) =>
      place === 'staging'
        ? ['rule', 'not ready, missing: soak minimum, gate data-science, gate business, gate security']
        : ['conflict', place === 'production' ? 'already production since' : `from-stage; .*allowed: ${stageAt(place)}`],
  },
  decide('approve', 'business', PEOPLE.business, { staging: [['decision.approved']] }),
  decide('retract', APPROVED, PEOPLE.devops, { staging: [['decision.retracted']] }),
  decide('reject', 'security', PEOPLE.security, {
    staging: [['decision.rejected', 'stage.changed'], { [VERSION_IN.staging]: 'rejected' }],
  }),
  onAttempt('extend', {
    fields: (place) => ({ ...promotion(place), reason: REASON, by_ms: 60_000 }),
    done: { staging: [['soak.extended']] },
  }),
  onAttempt('pause', { done: { staging: [['soak.paused']] } }),
  onAttempt('resume', { done: { staging: [['soak.resumed']] }, after: 'pause' }),
  onAttempt('withdraw', {
    by: `marco.mlops${AT}`,
    done: { staging: [['stage.changed'], { [VERSION_IN.staging]: 'withdrawn' }] },
  }),
  onAttempt('repin', {
    fields: async (place, reader) => {
      const { rows } = await reader.query<{ digest: string }>('SELECT digest FROM policy ORDER BY seq DESC LIMIT 1');
      return { ...promotion(place), reason: REASON, policy_digest: rows[0]?.digest ?? '' };
    },
    done: { staging: [['promotion.repinned']] },
  }),
  onAttempt('break-glass', {
    by: PEOPLE.devops,
    fields: async (place, reader) => {
      const attempt = await loadAttempt(reader, `${MODEL}/${VERSION_IN[place]}/1`);
      const none = { round: 0, artifact_digest: NONE, evidence_digest: NONE, policy_digest: NONE };
      const over = attempt?.evidenceDigest ? glassFields(attempt) : none;
      return { ...over, ...promotion(place), skip: 'soak', reason: REASON };
    },
    done: { staging: [['break-glass.proposed']] },
  }),
  {
    act: 'release',
    by: PEOPLE.mlops,
    fields: () => ({ reason: REASON }),
    done: { quarantined: [['version.released']] },
    refused: (place) => ['conflict', `${VERSION_IN[place]} is not quarantined; given: ${stageAt(place)}`],
  },
  {
    act: 'retire',
    by: PEOPLE.mlops,
    fields: () => ({ reason: REASON }),
    done: { production: [['production.changed'], { [VERSION_IN.production]: 'archived' }] },
    refused: (place) => ['conflict', `${VERSION_IN[place]} is not in production; .*allowed: ${VERSION_IN.production}`],
  },
  {
    act: 'rollback',
    by: PEOPLE.devops,
    fields: (place) => ({ from_version: VERSION_IN.production, to_version: VERSION_IN[place], reason: REASON }),
    done: {
      archived: [['production.changed'], { [VERSION_IN.archived]: 'production', [VERSION_IN.production]: 'archived' }],
    },
    refused: (place) => {
      const why =
        { production: 'is in production', quarantined: 'is quarantined: rolled back' }[place as string] ??
        'was never in production';
      return ['rule', `no rollback target: ${VERSION_IN[place]} ${why}.*valid targets: ${VERSION_IN.archived}`];
    },
  },
  resolve('staging'),
  resolve('production'),
];
