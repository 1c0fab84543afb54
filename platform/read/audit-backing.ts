import type { Db } from '../pool.js';
import type { TrailEvent } from './audit-trail.js';
import { attemptsBacking } from './backing/attempts.js';
import type { Backing } from './backing/backing.js';
import { breakGlassBacking } from './backing/break-glass.js';
import { changesBacking } from './backing/changes.js';
import { checkpointsBacking } from './backing/checkpoints.js';
import { clockBacking } from './backing/clock.js';
import { datasetsBacking } from './backing/datasets.js';
import { envelopesBacking } from './backing/envelopes.js';
import { evidenceBacking } from './backing/evidence.js';
import { featureViewsBacking } from './backing/feature-views.js';
import { createProposals, enrolmentsBacking } from './backing/enrolments.js';
import { followUpsBacking } from './backing/follow-ups.js';
import { incidentsBacking } from './backing/incidents.js';
import { installationBacking } from './backing/installation.js';
import { issuerKeysBacking } from './backing/issuer-keys.js';
import { loginsBacking } from './backing/logins.js';
import { peopleBacking } from './backing/people.js';
import { policiesBacking } from './backing/policies.js';
import { quarantinesBacking } from './backing/quarantines.js';
import { roundsBacking } from './backing/rounds.js';
import { reviewsBacking } from './backing/reviews.js';
import { soakActsBacking } from './backing/soak-acts.js';
import { switchesBacking } from './backing/switches.js';
import { createJumps } from './backing/times.js';
import { nothingTold } from './backing/told.js';
import { versionsBacking } from './backing/versions.js';

/** Compares the record with the audit trail as its events are read, in their order. */
export interface RecordBacking {
  take(events: readonly TrailEvent[]): Promise<void>;
  /** Everything that one says without the other, in words; the first hundred. */
  finish(): Promise<string[]>;
}

const FAULTS_KEPT = 100;

/** Starts a comparison over one snapshot of the record. */
export function backing(db: Db): RecordBacking {
  const kinds = everyKind(db);
  let faults: string[] = [];
  const keep = (more: readonly string[]): void => {
    faults = faults.concat(more).slice(0, FAULTS_KEPT);
  };
  return {
    async take(events) {
      for (const kind of kinds) keep(await kind.take(events));
    },
    async finish() {
      for (const kind of kinds) keep(await kind.finish());
      return faults;
    },
  };
}

/** One entry for each kind of row, in this order: acts are judged by people and clock, changes and versions by policies. */
function everyKind(db: Db): Backing[] {
  const told = nothingTold();
  const jumps = createJumps();
  const issuerKeys = issuerKeysBacking(db);
  const people = peopleBacking(db, createProposals(), issuerKeys.seen);
  const policies = policiesBacking(db);
  return [
    issuerKeys,
    people,
    loginsBacking(db, issuerKeys),
    enrolmentsBacking(db),
    installationBacking(db),
    clockBacking(db, jumps),
    envelopesBacking(db, { people, jumps }),
    checkpointsBacking(db),
    policies,
    featureViewsBacking(db),
    datasetsBacking(db),
    evidenceBacking(db),
    attemptsBacking(db, told, jumps),
    roundsBacking(db),
    soakActsBacking(db, jumps),
    versionsBacking(db, told, policies),
    changesBacking(db, { told, people, policies }),
    quarantinesBacking(db),
    switchesBacking(db),
    breakGlassBacking(db),
    reviewsBacking(db),
    followUpsBacking(db, jumps),
    incidentsBacking(db),
  ];
}
