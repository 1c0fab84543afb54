import { boundIn, numberIn } from './figures.js';

const KNOWN: Readonly<Record<string, string>> = {
  roc_auc: 'ROC AUC',
  roc_auc_difference: 'ROC AUC difference',
  f1: 'F1',
  mcnemar_p: 'McNemar p',
  cpu: 'CPU, share of the granted cores',
  cpu_ms: 'CPU time (ms)',
  wall_ms: 'time of the load (ms)',
  p50_ms: 'p50 (ms)',
  p95_ms: 'p95 (ms)',
  p99_ms: 'p99 (ms)',
  max_ms: 'longest (ms)',
  size_bytes: 'model size (bytes)',
  peak_memory_bytes: 'peak memory (bytes)',
  ab_test: 'A/B test',
  production_roc_auc: 'production ROC AUC',
  nulls: 'nulls, share of the worst column',
  duplicates: 'duplicates, share of rows',
  minority: 'smaller class, share of rows',
  overlap: 'rows shared with the hold-out set',
  holdout: 'hold-out set',
  holdout_rows: 'hold-out rows',
  holdout_digest: 'hold-out digest',
  below_limit: 'findings below the limit',
};

const SIZES = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const;

/** What a figure's name on the record means, in words: `accuracy_ci95` is `accuracy, 95 % interval`. */
export function titleOf(name: string): string {
  const plain = name.replace(/_ci95$/, '');
  const title = Object.hasOwn(KNOWN, plain) ? (KNOWN[plain] ?? plain) : plain.replaceAll('_', ' ');
  return plain === name ? title : `${title}, 95 % interval`;
}

/** What a number of bytes is in the units people use, e.g. `12.3 MB`; a MB is 10^6 bytes. */
export function sizeText(bytes: number): string {
  const unit = SIZES.find(([, size]) => bytes >= size);
  return unit ? `${trimmed(bytes / unit[1])} ${unit[0]}` : `${bytes} bytes`;
}

/** The same for a figure of bytes, or its limit, by its name and text; null where it is none, or shorter as it is. */
export function readableSize(name: string, text: string | null): string | null {
  const bytes = /(^|_)bytes$/.test(name) ? (numberIn(text) ?? boundIn(text)?.bound) : undefined;
  return bytes === undefined || bytes < 1_000 ? null : sizeText(bytes);
}

/** A share as people read it: `94.5 %`. */
export function percentText(share: number): string {
  return `${trimmed(share * 100)} %`;
}

function trimmed(figure: number): string {
  return figure.toFixed(1).replace(/\.0$/, '');
}
