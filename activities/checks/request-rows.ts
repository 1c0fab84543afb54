import type { LabelledRows } from '../ports.js';

type Rows = Pick<LabelledRows, 'features' | 'width'>;

/** The memory of the process that answers them is measured, and the requests are not the model's. */
const LIMIT_BYTES = 8_000_000;

/** The rows a load of so many predictions is made of: all, or when they are more than it needs, some from beginning to end at even distances. */
export function requestRows({ features, width }: Rows, predictions: number): Rows {
  const rows = features.length / width;
  const affordable = Math.max(1, Math.floor(LIMIT_BYTES / (width * Float32Array.BYTES_PER_ELEMENT)));
  const count = Math.min(rows, predictions, affordable);
  if (count === rows) return { features, width };
  const chosen = new Float32Array(count * width);
  for (let at = 0; at < count; at += 1) {
    const row = Math.floor((at * rows) / count);
    chosen.set(features.subarray(row * width, (row + 1) * width), at * width);
  }
  return { features: chosen, width };
}
