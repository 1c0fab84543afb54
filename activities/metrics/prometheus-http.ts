import { known, unknown, type Reading } from '../../domain/live.js';
import type { PrometheusConfig } from '../../platform/prometheus.js';

const MOST_BYTES = 4 * 1024 * 1024;

/** One series of an instant query: its labels, when it was evaluated by the source's own clock in seconds, and the value as it came. */
export interface Sample {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly at: number;
  readonly value: unknown;
}

/** A query by its name in the policy, at a time in seconds or at the source's own now. */
export interface Query {
  readonly name: string;
  readonly text: string;
  readonly at?: number;
}

/**
 * What Prometheus answers to a query. Its name stands in what is wrong, and nothing that was answered does. Throws only where
 * `signal` was aborted; the `deadline` is an answer like others.
 */
export async function askPrometheus(
  { url, token }: PrometheusConfig,
  { name, text: query, at }: Query,
  { signal, deadline }: { readonly signal: AbortSignal; readonly deadline: AbortSignal },
): Promise<Reading<readonly Sample[]>> {
  try {
    const response = await fetch(`${url}/api/v1/query`, {
      method: 'POST',
      // Whoever answers for Prometheus does so itself, and the token goes nowhere else.
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
      headers: { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: new URLSearchParams({ query, ...(at !== undefined && { time: at.toFixed(3) }) }),
    });
    if (response.status !== 200) {
      await response.body?.cancel().catch(() => undefined);
      return refusedAs(response.status, name);
    }
    const text = await textOf(response);
    if (text === undefined)
      return unknown('source away', `Prometheus answers more than ${MOST_BYTES} bytes to the query ${name}`);
    return samplesOf(text) ?? unknown('source away', `what answers the query ${name} does not speak as Prometheus does`);
  } catch {
    signal.throwIfAborted();
    return unknown('source away', deadline.aborted ? 'Prometheus does not answer in time' : 'Prometheus does not answer');
  }
}

function refusedAs(status: number, name: string): ReturnType<typeof unknown> {
  if (status >= 300 && status < 400)
    return unknown('source away', `Prometheus sends on to another address (${status}), which is not followed`);
  if (status === 401 || status === 403)
    return unknown('source away', `Prometheus lets nobody in with what it was shown (${status})`);
  if (status === 429) return unknown('source away', `Prometheus is asked too often (${status})`);
  if (status === 400 || status === 422)
    return unknown('not measured', `Prometheus cannot work with the policy's query ${name} (${status})`);
  return unknown('source away', `Prometheus answers with the status ${status}`);
}

/** The body, as far as it stays within its limit after it is unpacked. */
async function textOf({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    // Leaving the loop ends the transfer.
    if (size > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function samplesOf(text: string): Reading<readonly Sample[]> | undefined {
  const answer = objectOf(parsed(text));
  const data = objectOf(answer?.['data']);
  const result = data?.['result'];
  if (answer?.['status'] !== 'success' || data?.['resultType'] !== 'vector' || !Array.isArray(result)) return undefined;
  const samples: Sample[] = [];
  for (const series of result as readonly unknown[]) {
    const { metric, value } = objectOf(series) ?? {};
    const labels = objectOf(metric);
    const [at, number] = Array.isArray(value) && value.length === 2 ? (value as readonly unknown[]) : [];
    if (!labels || typeof at !== 'number' || !Number.isFinite(at)) return undefined;
    samples.push({ labels, at, value: number });
  }
  return known(samples);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
