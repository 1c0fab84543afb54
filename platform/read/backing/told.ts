import type { Decision } from '../../../domain/acts.js';
import type { Skip } from '../../../domain/attempt.js';
import { promotionId } from '../../../domain/ids.js';
import type { Review } from '../reviews.js';
import type { Moment } from './backing.js';

/** A version as the events leave it. */
export interface ToldVersion {
  readonly registered: Moment | null;
  readonly registeredBy: string;
  readonly envelope: string;
  readonly artifactDigest: string;
  readonly featureHash: string;
  readonly stage: string;
  readonly staged: Moment | null;
  readonly promoted: Moment | null;
  readonly archived: Moment | null;
  /** The policy of the promotion that archived it, which says how long it is kept. */
  readonly archivedUnder: string;
}

/** An attempt as the events leave it. */
export interface ToldAttempt {
  readonly requested: Moment | null;
  readonly requestedBy: string;
  readonly envelope: string;
  readonly model: string;
  readonly version: string;
  readonly attempt: unknown;
  readonly policy: string;
  /** The numbers in which that policy is looser than the guidelines. */
  readonly relaxed: readonly string[];
  readonly state: string;
  readonly round: unknown;
  readonly staged: Moment | null;
  readonly ended: Moment | null;
  readonly endReason: string | null;
  readonly asked: Moment | null;
  /** The run that lives for it. */
  readonly run: string | null;
}

/** What the events of the trail add up to, version by version and attempt by attempt. */
export interface Told {
  /** By `model/version`. */
  readonly versions: Map<string, ToldVersion>;
  /** By promotion id. */
  readonly attempts: Map<string, ToldAttempt>;
  /** Model → the promotion that its production version came from. */
  readonly serving: Map<string, string>;
  /** What people did besides; kept only where somebody asks what was true then. */
  readonly acts?: ToldActs;
}

/** A decision at a gate. */
export interface ToldDecision {
  readonly envelope: string;
  readonly gate: string;
  readonly round: unknown;
  readonly decision: Decision;
  readonly person: string;
  readonly made: Moment;
}

/** A round that the record opened by itself, and why. */
export interface ToldRound {
  readonly round: number;
  readonly reason: string;
  readonly what: string;
  readonly opened: Moment;
}

/** What somebody did to a soak. */
export interface ToldSoakAct {
  readonly kind: 'extend' | 'pause' | 'resume';
  readonly byMs: number;
  readonly person: string;
  readonly reason: string;
  readonly made: Moment;
}

/** A freeze or hold that nobody has lifted; `model` is null for one of all models. */
export interface ToldFreeze {
  readonly model: string | null;
  readonly by: string;
  readonly reason: string;
  readonly begun: Moment;
  /** Set for a hold. */
  readonly kind?: 'hold';
}

/** A signature for skipping a wait. */
export interface ToldGlass {
  readonly envelope: string;
  readonly round: number;
  readonly skip: Skip;
  readonly person: string;
  readonly reason: string;
  readonly made: Moment;
}

/** Somebody who decides, and whether what they decided stands: since event `since`, while they are trusted. */
export interface ToldPerson {
  readonly kid: string;
  readonly issuer: string;
  readonly account: string;
  readonly groups: readonly string[];
  readonly trusted: boolean;
  readonly since: number;
}

/** An incident that has not closed. */
export interface ToldIncident {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly condition: string;
  readonly severity: string;
  readonly what: string;
  readonly opened: Moment;
}

/** People, decisions, soaks, freezes, quarantines and incidents as the events leave them. */
export interface ToldActs {
  /** By e-mail. */
  readonly people: Map<string, ToldPerson>;
  /** By promotion id, in their order. */
  readonly decisions: Map<string, ToldDecision[]>;
  /** The approvals that a production change stands on: what becomes of their authors later changes nothing. */
  readonly passed: Set<string>;
  /** The rounds that the record opened, by promotion id, in their order. */
  readonly rounds: Map<string, ToldRound[]>;
  /** By promotion id, in their order. */
  readonly soaks: Map<string, ToldSoakAct[]>;
  /** By `freeze/<model>` and `hold/<model>`, without a model those of all. */
  readonly freezes: Map<string, ToldFreeze>;
  /** By promotion id, in their order. */
  readonly glass: Map<string, ToldGlass[]>;
  readonly reviews: Review[];
  /** Version in quarantine → why. */
  readonly quarantines: Map<string, string>;
  /** By id, in the order in which they opened. */
  readonly incidents: Map<string, ToldIncident>;
}

/** Nothing told yet. */
export function nothingTold(): Told {
  return { versions: new Map(), attempts: new Map(), serving: new Map() };
}

/** A version of which no event has spoken. */
export const NO_VERSION: ToldVersion = {
  registered: null,
  registeredBy: '',
  envelope: '',
  artifactDigest: '',
  featureHash: '',
  stage: 'unknown',
  staged: null,
  promoted: null,
  archived: null,
  archivedUnder: '',
};

/** An attempt of which no event has spoken. */
export const NO_ATTEMPT: ToldAttempt = {
  requested: null,
  requestedBy: '',
  envelope: '',
  model: '',
  version: '',
  attempt: 0,
  policy: '',
  relaxed: [],
  state: 'registered',
  round: 1,
  staged: null,
  ended: null,
  endReason: null,
  asked: null,
  run: null,
};

/** The attempts of a version, first to last; they are numbered from 1 without a gap. */
export function attemptsOf({ attempts }: Told, model: string, version: string): ToldAttempt[] {
  const found: ToldAttempt[] = [];
  for (;;) {
    const next = attempts.get(promotionId({ model, version }, found.length + 1));
    if (!next) return found;
    found.push(next);
  }
}
