import type { LiveReading, ServiceFigures } from './live.js';
import { formatFigure, type Confusion } from './metrics.js';

/**
 * The figures of a window as text, as the performance history keeps them (guidelines: "Accuracy, precision, recall, F1-score",
 * "Latency, throughput, error rates"): latencies in milliseconds, throughput in requests a second. What is not known is left out.
 */
export function liveFigures({ service, labels }: LiveReading, windowMs: number): Record<string, string> {
  return { ...(service.known ? serviceTexts(service.value, windowMs) : {}), ...(labels.known ? labelTexts(labels.value) : {}) };
}

function serviceTexts({ requests, errors, latency }: ServiceFigures, windowMs: number): Record<string, string> {
  return texts({
    requests,
    errors,
    error_rate: requests > 0 ? errors / requests : null,
    throughput: (requests * 1_000) / windowMs,
    p50_ms: latency?.p50 ?? null,
    p95_ms: latency?.p95 ?? null,
    p99_ms: latency?.p99 ?? null,
  });
}

function labelTexts({ truePositives, falsePositives, trueNegatives, falseNegatives }: Confusion): Record<string, string> {
  const labels = truePositives + falsePositives + trueNegatives + falseNegatives;
  const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : null);
  return texts({
    labels,
    accuracy: ratio(truePositives + trueNegatives, labels),
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, truePositives + falseNegatives),
    f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
  });
}

function texts(figures: Readonly<Record<string, number | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, figure]) => (figure === null ? [] : [[name, formatFigure(figure)]])),
  );
}
