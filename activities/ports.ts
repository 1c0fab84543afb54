import type { JsonValue } from '../domain/canonical.js';

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
  /** Tells the run that the record changed; a lost nudge is made good by the next look at staging health. */
  nudge(promotionId: string): Promise<void>;
}

export type Log = (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, JsonValue>) => void;
