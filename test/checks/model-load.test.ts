import { describe, expect, test } from 'vitest';
import { putUnderLoad } from '../../activities/checks/model-load.js';
import { createModelRunner } from '../../activities/checks/model-runner.js';
import { requestRows } from '../../activities/checks/request-rows.js';
import { roomy, rows, short } from './loads.js';
import { endless, huge, twoColumns, writeModel } from './tiny-onnx.js';

describe('the load itself', () => {
  /** A model whose first counted prediction takes its time, computing or held up, and which keeps what it was asked. */
  function stalling(warmUp: number, stall: () => Promise<unknown>) {
    const asked: number[][] = [];
    const predict = async (features: Float32Array, count: number) => {
      asked.push([count, ...features]);
      if (asked.length === warmUp + 1) await stall();
      return { labels: new Uint8Array(count), scores: new Float64Array(count) };
    };
    return { asked, model: { chunkRows: 1024, predict } };
  }
  const sleeping = (ms: number) => () => new Promise((resolve) => setTimeout(resolve, ms));
  const computing = (ms: number) => async () => {
    const [began, before] = [performance.now(), process.cpuUsage()];
    const used = () => {
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    // Other threads of this process compute as well, so that its CPU time alone can pass faster than the clock.
    while (used() < ms || performance.now() - began < ms);
  };

  test('what falls due behind a slow answer waits, and its wait counts', async () => {
    const { model } = stalling(0, sleeping(500));
    const load = { ...short, ratePerSecond: 100, warmUp: 0 };
    const { latenciesMs } = await putUnderLoad(model, Float32Array.of(1), 1, load);
    expect(latenciesMs).toHaveLength(100);
    // Timers may be a millisecond early.
    for (const count of [0, 1, 20, 40]) expect(latenciesMs[count]).toBeGreaterThan(498 - count * 10);
  });

  test('one row at a time, over and over, after those that warm up', async () => {
    const { model, asked } = stalling(3, sleeping(0));
    const { answered, wallMs, cpuMs } = await putUnderLoad(model, Float32Array.of(1, 2, 3, 4), 2, { ...short, warmUp: 3 });
    expect(asked).toHaveLength(3 + answered);
    const [first, second] = [
      [1, 1, 2],
      [1, 3, 4],
    ];
    expect(asked.slice(0, 6)).toEqual([first, second, first, first, second, first]);
    expect(wallMs).toBeGreaterThanOrEqual(1_000);
    expect(cpuMs).toBeGreaterThan(0);
  });

  test('what the machine takes is told apart from what the model takes', async () => {
    const load = { ...short, ratePerSecond: 100, warmUp: 0 };
    const heldUp = await putUnderLoad(stalling(0, sleeping(3_000)).model, Float32Array.of(1), 1, load);
    expect(heldUp.answered).toBe(100);
    expect(heldUp.latenciesMs[1]).toBeGreaterThan(2_900);
    expect(heldUp.undisturbedMs[1]).toBeLessThan(1_000);
    expect(heldUp.wallMs).toBeLessThan(3_000);
    const slow = await putUnderLoad(stalling(0, computing(500)).model, Float32Array.of(1), 1, load);
    expect(slow.undisturbedMs[1]).toBeGreaterThanOrEqual(490);
  });

  test('given up when it takes twice its length: what is not answered has waited until then', async () => {
    const { model } = stalling(0, computing(2_100));
    const figures = await putUnderLoad(model, Float32Array.of(1), 1, { ...short, warmUp: 0 });
    expect(figures.answered).toBe(1);
    expect(figures.wallMs).toBeGreaterThanOrEqual(2_100);
    for (const series of [figures.latenciesMs, figures.undisturbedMs]) {
      expect(series[1]).toBeGreaterThanOrEqual(2_080);
      expect(series[49]).toBeGreaterThanOrEqual(2_100 - 980);
    }
  });
});

describe('the rows of a load', () => {
  test('all of them, or some from beginning to end when they are more than it needs', () => {
    const all = rows(1, ...Array.from({ length: 10 }, (_, row) => row));
    expect(requestRows(all, 10).features).toBe(all.features);
    expect([...requestRows(all, 4).features]).toEqual([0, 2, 5, 7]);
    expect([...requestRows(rows(2, 0, 1, 2, 3, 4, 5), 2).features]).toEqual([0, 1, 2, 3]);
  });

  test('no more than a process can hold without its memory being about them', () => {
    const { features, width } = requestRows({ features: new Float32Array(5_000_000), width: 1_000 }, 5_000);
    expect([features.byteLength, width]).toEqual([8_000_000, 1_000]);
  });
});

describe('a real model under load', () => {
  test('it is measured in a process of its own: not the memory of this one, and its share of the CPU', async () => {
    const ours = Buffer.alloc(500_000_000, 1);
    const measured = await createModelRunner().load(
      await writeModel(twoColumns()),
      rows(2, 0.75, 0.25, 0.125, 0.875),
      short,
      roomy,
    );
    expect(measured.answered).toBe(50);
    expect(measured.latenciesMs).toHaveLength(50);
    for (const latency of measured.latenciesMs) expect(latency).toBeGreaterThan(0);
    expect(measured.peakMemoryBytes).toBeGreaterThan(30e6);
    expect(measured.peakMemoryBytes).toBeLessThan(ours.length * 0.8);
    expect(measured.wallMs).toBeGreaterThanOrEqual(short.forMs);
    expect(measured.cpuMs).toBeGreaterThan(0);
  });

  test('the peak counts, not what is left of it at the end', async () => {
    const path = await writeModel(huge(40_000_000));
    const { peakMemoryBytes } = await createModelRunner().load(path, rows(2, 1, 2), short, roomy);
    expect(peakMemoryBytes).toBeGreaterThan(320e6);
  });

  test('one that cannot keep up is given up, and says how far it came', async () => {
    const { answered, latenciesMs } = await createModelRunner().load(
      await writeModel(endless(600_000)),
      rows(2, 1, 2),
      short,
      roomy,
    );
    expect(answered).toBeLessThan(50);
    expect(latenciesMs.every((latency) => latency > 0)).toBe(true);
  });
});
