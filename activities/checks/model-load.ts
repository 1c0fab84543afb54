import { predictionsAsked } from '../../domain/load.js';
import type { Load, LoadMeasured } from '../ports.js';
import type { OpenModel } from './model-session.js';

/** A load is given up at this many times its length, so that a model that cannot keep up does not hold the check for long. */
const GIVEN_UP_AT = 2;

/** What a load took, before memory is asked for. */
type LoadTimes = Omit<LoadMeasured, 'peakMemoryBytes'>;

/**
 * Asks a model for one prediction after the other as they fall due, at even distances from now on. Latency counts from then
 * and not from when the model was free for it: what waits behind a slow answer is slow as well.
 */
export async function putUnderLoad(model: OpenModel, features: Float32Array, width: number, load: Load): Promise<LoadTimes> {
  const { ratePerSecond, forMs } = load;
  const rows = features.length / width;
  const predict = async (count: number) => {
    const at = (count % rows) * width;
    await model.predict(features.subarray(at, at + width), 1);
  };
  const warmUntil = performance.now() + forMs;
  for (let count = 0; count < load.warmUp && performance.now() < warmUntil; count += 1) await predict(count);

  const latenciesMs = new Float64Array(predictionsAsked(ratePerSecond, forMs));
  const undisturbedMs = new Float64Array(latenciesMs.length);
  const usedAtStart = usedCpuMs();
  const started = performance.now();
  const dueAt = (count: number) => started + (count * 1_000) / ratePerSecond;
  let answered = 0;
  // When the model would be free had nothing else on the machine held this process up: it then only waits for what it computes.
  let freeAt = started;
  while (answered < latenciesMs.length && freeAt < started + GIVEN_UP_AT * forMs) {
    const due = dueAt(answered);
    sleepUntil(due);
    const usedBefore = usedCpuMs();
    const begun = performance.now();
    await predict(answered);
    const ended = performance.now();
    freeAt = Math.max(due, freeAt) + Math.min(ended - begun, usedCpuMs() - usedBefore);
    latenciesMs[answered] = ended - due;
    undisturbedMs[answered] = freeAt - due;
    answered += 1;
  }
  const givenUp = performance.now();
  for (let count = answered; count < latenciesMs.length; count += 1) {
    latenciesMs[count] = givenUp - dueAt(count);
    undisturbedMs[count] = freeAt - dueAt(count);
  }
  sleepUntil(started + forMs);
  const wallMs = Math.max(forMs, freeAt - started);
  return { latenciesMs, undisturbedMs, answered, cpuMs: usedCpuMs() - usedAtStart, wallMs };
}

function usedCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Nothing else runs on this thread, and a timer of the event loop could be a whole millisecond late. */
function sleepUntil(time: number): void {
  for (let left = time - performance.now(); left > 0; left = time - performance.now()) Atomics.wait(never, 0, 0, left);
}
