import { accuracyTrend, type LabelledWindow } from '../../domain/concept-drift.js';
import type { TrainingDistribution } from '../../domain/drift/training-distribution.js';
import { windowDrift, type WindowDrift } from '../../domain/drift/window-drift.js';
import { unreadable } from '../../domain/incidents.js';
import { unknown, type Baseline, type Reading } from '../../domain/live.js';
import { liveFigures } from '../../domain/live-figures.js';
import { judgeWindow, type WindowVerdict } from '../../domain/live-severity.js';
import type { Policy } from '../../domain/policy.js';
import type { WindowFigures } from '../../platform/read/live.js';
import type { MetricsSource, WindowAsked } from '../ports.js';
import type { Deps } from '../registry/deps.js';
import { inTime } from './in-time.js';

/** A version whose traffic is read, and what it is compared with. */
export interface Trafficked {
  readonly model: string;
  readonly version: string;
  readonly policy: Policy;
  readonly baseline: Baseline;
  readonly training: TrainingDistribution | undefined;
  /** The recorded windows whose labels the trend is taken of, newest first. */
  readonly labelled: readonly LabelledWindow[];
  /** For how long it has been where it is: what it did before says nothing of now. Milliseconds; all there is where it is not said. */
  readonly sinceMs?: number;
}

/** What a source said of a version's traffic, and what was found of it. */
export interface LiveRead extends WindowVerdict {
  readonly figures: WindowFigures;
}

/** How many intervals old a sample may be (bad input M3). */
const FRESH_INTERVALS = 2;
const LEAST_FRESH_MS = 10_000;

/** Reads the figures of a version's traffic from the source that its policy names and judges them; throws only when cancelled. */
export async function readLive({ sources }: Deps, of: Trafficked, signal: AbortSignal): Promise<LiveRead> {
  const { model, version, policy, baseline, labelled, sinceMs = Infinity } = of;
  const asked: WindowAsked = {
    model,
    version,
    windowMs: within(policy.watch.window, sinceMs),
    freshMs: Math.max(LEAST_FRESH_MS, FRESH_INTERVALS * policy.watch.every),
    labels: { delayMs: policy.labels.delay, windowMs: within(policy.labels.window, sinceMs - policy.labels.delay) },
    queries: policy.prometheus,
  };
  const source = inTime(sources(policy.watch.source), policy.watch.every);
  const [reading, drift] = await Promise.all([source.read(asked, signal), driftOf(source, asked, of, signal)]);
  const trend = accuracyTrend(labelled, policy);
  const judged = judgeWindow({ reading, drift, trend }, baseline, policy);
  const { conditions } = judged;
  return {
    ...judged,
    figures: {
      source: source.name,
      ...reading,
      readable: unreadable(reading) === undefined,
      conditions,
      figures: liveFigures(reading, asked.windowMs),
    },
  };
}

/** A window no longer than a stretch of time, in whole seconds, and a second at least. */
function within(windowMs: number, stretchMs: number): number {
  return Math.min(windowMs, Math.max(1_000, Math.floor(stretchMs / 1_000) * 1_000));
}

async function driftOf(
  source: MetricsSource,
  asked: WindowAsked,
  { training, policy }: Trafficked,
  signal: AbortSignal,
): Promise<Reading<WindowDrift>> {
  if (!training) return unknown('not measured', 'the distribution of the training set is not stored');
  const names = training.features.map(({ name }) => name);
  const features = await source.features(asked, { names, maxRows: policy.drift.max_rows }, signal);
  return windowDrift(training, features, policy.drift);
}
