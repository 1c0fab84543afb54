import type { JWK } from 'jose';
import type { JsonValue } from '../domain/canonical.js';
import type { Feature } from '../domain/checks.js';
import type { ColumnExpectation, DataProfile } from '../domain/data-profile.js';
import type { TrainingDistribution } from '../domain/drift/training-distribution.js';
import type { FeatureReading, LiveReading } from '../domain/live.js';
import type { PrometheusPolicy } from '../domain/watch-policy.js';
import type { IdentityProviderConfig } from '../platform/identity-provider.js';
import type { Message } from '../platform/message/message.js';
import type { HoldSpool } from '../platform/serving/hold-spool.js';

/** Rows of numbers a model is fed, in the order of its features, and the labels beside them. */
export interface LabelledRows {
  readonly features: Float32Array;
  readonly width: number;
  readonly labels: Uint8Array;
}

/** What a model answered for each row: the class it chose (0 or 1) and the probability of class 1. */
export interface Predictions {
  readonly labels: readonly number[];
  readonly scores: readonly number[];
}

/** Single predictions that fall due at even distances, whether or not those before are answered: an open loop. */
export interface Load {
  readonly ratePerSecond: number;
  readonly forMs: number;
  /** Predictions made before, which are not counted; fewer where they would take longer than the load itself. */
  readonly warmUp: number;
  /** How many cores the model may use. */
  readonly cores: number;
}

/** What ends a model's process before it has answered. */
export interface RunLimits {
  /** Its memory. */
  readonly memoryLimitBytes: number;
  readonly signal?: AbortSignal;
}

/** What a model did under a load; all of its process counts, the runtime included. */
export interface LoadMeasured {
  /** For each prediction the time from when it was due to its answer; without one, to when the load was given up. */
  readonly latenciesMs: Float64Array;
  /** The same without the times in which the machine held the process up: what of it is the model. */
  readonly undisturbedMs: Float64Array;
  /** How many were answered before the load was given up, at twice its length. */
  readonly answered: number;
  readonly peakMemoryBytes: number;
  /** From when the first prediction was due until the load was over and everything was answered. */
  readonly cpuMs: number;
  /** The length of that, without the times in which the machine held the process up. */
  readonly wallMs: number;
}

/** Runs a stored model in a process of its own; the worker never loads model bytes. */
export interface ModelRunner {
  /**
   * Predictions for all rows, in their order. Throws `ModelRefused` when the model cannot be loaded, does not fit the rows, goes
   * over a limit of time or memory or ends its process, and a plain Error when it could not be tried (no runtime, killed).
   */
  predict(modelPath: string, rows: Pick<LabelledRows, 'features' | 'width'>, limits: RunLimits): Promise<Predictions>;
  /** What a load of single predictions of these rows, over and over, takes. Throws as `predict` does. */
  load(modelPath: string, rows: Pick<LabelledRows, 'features' | 'width'>, load: Load, limits: RunLimits): Promise<LoadMeasured>;
}

/** What a scanner said of one file, and how it said it; `not-scanned` is never a pass. */
export interface ScannerAnswer {
  readonly outcome: 'clean' | 'found' | 'not-scanned';
  readonly how: string;
}

/** A scanner from outside that looks for code in files of formats that can run some. */
export interface ArtifactScanner {
  /** Looks at a copy of the file under a name that scanners know the format by. Throws when it did not run to its end. */
  scan(path: string, extension: string, signal?: AbortSignal): Promise<ScannerAnswer>;
}

/** One data file as a profiler is given it. */
export interface ProfiledFile {
  readonly path: string;
  /** The label's column, and its value that is class 1; null where the labels are 0 and 1 already. */
  readonly label: { readonly name: string; readonly positive: string | null };
}

/** What a profiler counts: a training set, and which of a hold-out set's rows are in it. */
export interface ProfileRequest {
  readonly training: ProfiledFile;
  readonly holdout: ProfiledFile;
  /** The features by name and type, with what is expected of them. */
  readonly features: readonly (Feature & ColumnExpectation)[];
}

/** A training set, and the features of its view. */
export interface DistributionRequest {
  readonly path: string;
  readonly features: readonly Feature[];
}

/** Counts what is in data files without holding them in memory. */
export interface DataProfiler {
  /** What is wrong with a file is in the answer; throws when it could not be counted (time-out, no memory, killed). */
  profile(request: ProfileRequest, signal?: AbortSignal): Promise<DataProfile>;
  /** How the features that are numbers are distributed; throws as well where the file does not have them. */
  distribution(request: DistributionRequest, signal?: AbortSignal): Promise<TrainingDistribution>;
}

/** The promotions' runs in Temporal, as seen from the record's side: both calls are safe to repeat. */
export interface Runs {
  /** Makes sure a run of this promotion is alive, and that it is the one on the record. */
  ensure(promotionId: string): Promise<void>;
  /** Makes sure a run follows up a production change that was made by hand. */
  follow(change: { readonly key: string; readonly model: string }): Promise<void>;
  /** Makes sure a run watches a version in production; `isAnew` ends the one that lives, which does nothing. */
  watch(
    change: { readonly key: string; readonly model: string; readonly version: string; readonly n: number },
    isAnew?: boolean,
  ): Promise<void>;
  /** Makes sure a run delivers a notice. */
  deliver(noticeKey: string): Promise<void>;
  /** Tells the run that the record changed; a lost nudge is made good by the next look at staging health. */
  nudge(promotionId: string): Promise<void>;
}

/** What a serving system is told to serve of one model; `version` is null when nothing is in production. */
export interface ServingPointer {
  readonly model: string;
  readonly version: string | null;
  readonly artifactDigest: string | null;
  /** The production change that made it so. */
  readonly change: string;
}

/** Where a serving system looks for what it serves. Both calls are safe to repeat. */
export interface ServingTarget {
  readonly name: string;
  point(pointer: ServingPointer): Promise<void>;
  /** What it points to now; undefined when it never pointed anywhere. */
  read(model: string): Promise<ServingPointer | undefined>;
  /** The signed holds beside what it reads, where it has a place for them. */
  readonly holds?: HoldSpool;
}

/** The identity provider whose logins sign acts. */
export interface IdentityProvider extends IdentityProviderConfig {
  /** The provider's key of this name, as far as it may sign with this algorithm; undefined where there is none. Throws `Away` when it cannot be asked. */
  key(named: { readonly kid: string; readonly alg: string }): Promise<JWK | undefined>;
}

/** Which figures are asked for: of one version, over a window that ends now by the source's own clock. */
export interface WindowAsked {
  readonly model: string;
  readonly version: string;
  readonly windowMs: number;
  /** A sample older than this, or from the future, is stale. */
  readonly freshMs: number;
  /** Labelled figures: over the predictions of `windowMs` that ended `delayMs` ago. */
  readonly labels: { readonly delayMs: number; readonly windowMs: number };
  readonly queries: PrometheusPolicy;
}

/** Where the figures of a version in service come from. What cannot be read is an answer, not an error; both throw when cancelled. */
export interface MetricsSource {
  readonly name: string;
  read(asked: WindowAsked, signal: AbortSignal): Promise<LiveReading>;
  /** The features of at most `maxRows` predictions of the window, the newest first, of the features that are named. */
  features(
    asked: WindowAsked,
    of: { readonly names: readonly string[]; readonly maxRows: number },
    signal: AbortSignal,
  ): Promise<FeatureReading>;
}

/** Where the figures of a version come from by the name that its policy gives; one that is not there answers that it is away. */
export type MetricsSources = (named: string) => MetricsSource;

/** One way to tell people something. The same message may be sent twice: its key makes the repeat recognisable. */
export interface Channel {
  readonly name: string;
  /**
   * Answers where it went, for the record; throws when it did not, to be tried again: `Away`, with `retryAfterMs` where the other
   * side says when, or `BadInput` where no retry can make it right.
   */
  send(message: Message): Promise<string>;
}

/** Where a production change is drawn beside the figures. Both may be called again with the same key. */
export interface Dashboards {
  readonly name: string;
  annotate(change: {
    readonly key: string;
    readonly at: string;
    readonly model: string;
    readonly text: string;
    readonly tags: readonly string[];
  }): Promise<string>;
}

export type Log = (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, JsonValue>) => void;
