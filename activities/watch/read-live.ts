import type { Baseline } from '../../domain/baseline.js';
import { judgeWindow, type Judged } from '../../domain/live-severity.js';
import type { Policy } from '../../domain/policy.js';
import type { WindowFigures } from '../../platform/read/live.js';
import type { WindowAsked } from '../ports.js';
import type { Deps } from '../registry/deps.js';

/** A version whose traffic is read, and what it is compared with. */
export interface Trafficked {
  readonly model: string;
  readonly version: string;
  readonly policy: Policy;
  readonly baseline: Baseline;
}

/** What a source said of a version's traffic, and what was found of it. */
export interface LiveRead extends Judged {
  readonly figures: WindowFigures;
}

/** How many intervals old a sample may be (bad input M3). */
const FRESH_INTERVALS = 2;
const LEAST_FRESH_MS = 10_000;

/** Reads the figures of a version's traffic from the source that its policy names and judges them; throws only when cancelled. */
export async function readLive({ sources }: Deps, { model, version, policy, baseline }: Trafficked, signal: AbortSignal): Promise<LiveRead> {
  const source = sources(policy.watch.source);
  const asked: WindowAsked = {
    model,
    version,
    windowMs: policy.watch.window,
    freshMs: Math.max(LEAST_FRESH_MS, FRESH_INTERVALS * policy.watch.every),
    labels: { delayMs: policy.labels.delay, windowMs: policy.labels.window },
    queries: policy.prometheus,
  };
  const reading = await source.read(asked, signal);
  const judged = judgeWindow({ reading, baseline }, policy);
  return { ...judged, figures: { source: source.name, ...reading, found: judged.found } };
}
