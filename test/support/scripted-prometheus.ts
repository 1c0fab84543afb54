import { startPeer, type HttpPeer } from './http-peer.js';

/** What goes wrong with a version. */
export type Fault = 'none' | 'error-rate' | 'latency' | 'accuracy';

/** Prometheus' HTTP API for the queries that a policy has by default, with figures that a test decides. */
export interface ScriptedPrometheus {
  readonly url: string;
  /** From now on this is what can be seen of a version; all is well with those of which nothing was said. */
  fault(version: string, is: Fault): void;
  close(): Promise<void>;
}

const REQUESTS = 1_000;

/** Starts it; every version has as much traffic. */
export async function startScriptedPrometheus(): Promise<ScriptedPrometheus> {
  const faults = new Map<string, Fault>();
  const peer: HttpPeer = await startPeer((response, body) => {
    const form = new URLSearchParams(body);
    const query = form.get('query') ?? '';
    const [, model] = /model="([^"]*)"/.exec(query) ?? [];
    const [, version = ''] = /version="([^"]*)"/.exec(query) ?? [];
    const at = Number(form.get('time') ?? Date.now() / 1_000);
    const value = valueOf(query, faults.get(version) ?? 'none', at);
    const result = value === undefined ? [] : [{ metric: { model, version }, value: [at, String(value)] }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
  return {
    url: peer.url,
    fault: (version, is) => void faults.set(version, is),
    close: () => peer.close(),
  };
}

/** Undefined for what is not measured. */
function valueOf(query: string, fault: Fault, at: number): number | undefined {
  const [, share] = /histogram_quantile\((0\.\d+)/.exec(query) ?? [];
  if (share !== undefined) return (fault === 'latency' ? 0.8 : 0.02) * (1 + Number(share));
  if (query.includes('timestamp(')) return at;
  if (query.includes('model_prediction_errors_total')) return fault === 'error-rate' ? REQUESTS * 0.08 : 0;
  if (query.includes('model_predictions_total')) return REQUESTS;
  if (query.includes('model_labelled_predictions_total')) {
    const isRight = /truth="(\d)".*predicted="\1"/.test(query);
    const accuracy = fault === 'accuracy' ? 0.7 : 0.95;
    return REQUESTS * (isRight ? accuracy : 1 - accuracy);
  }
  return undefined;
}
