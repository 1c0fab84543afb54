import type { JsonValue } from '../domain/canonical.js';
import type { Notice } from '../domain/reminders.js';

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

/** Runs a stored model in a process of its own; the worker never loads model bytes. */
export interface ModelRunner {
  /**
   * Predictions for all rows, in their order. Throws `ModelRefused` when the model cannot be loaded or does not fit
   * the rows, and a plain Error when it could not be tried (no runtime, time-out, killed).
   */
  predict(modelPath: string, rows: Pick<LabelledRows, 'features' | 'width'>, signal?: AbortSignal): Promise<Predictions>;
}

/** The promotions' runs in Temporal, as seen from the record's side: both calls are safe to repeat. */
export interface Runs {
  /** Makes sure a run of this promotion is alive, and that it is the one on the record. */
  ensure(promotionId: string): Promise<void>;
  /** Makes sure a run follows up a production change that was made by hand. */
  follow(change: { readonly key: string; readonly model: string }): Promise<void>;
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
}

/** One way to tell people something. */
export interface Channel {
  readonly name: string;
  /** Answers where it went, for the record; throws when it did not, to be tried again. */
  send(notice: Notice & { readonly at: string }): Promise<string>;
}

export type Log = (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, JsonValue>) => void;
