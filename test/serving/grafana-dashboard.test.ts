import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeMetrics, type EndpointMetrics } from '../../dev/serving/metrics.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';
import { startPeer, type HttpPeer } from '../support/http-peer.js';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.js';
import { prometheusBinary } from '../support/prometheus-binary.js';
import { eventually, root } from '../support/stack.js';

const GRAFANA = join(root, 'examples', 'grafana');
const OF = { model: 'm', version: '1.0.0' };
const LOADED = { ...OF, features: ['age'], edges: new Map([['age', [60, 70]]]) };

interface Dashboard {
  readonly panels: readonly {
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly annotations: { readonly list: readonly { readonly target: { readonly tags: readonly string[] } }[] };
}
const dashboard = JSON.parse(readFileSync(join(GRAFANA, 'dashboards', 'model-in-service.json'), 'utf8')) as Dashboard;
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);

/** An endpoint's metrics after a hundred predictions, a fifth of which failed, with a label of each that was answered. */
function worked(metrics: EndpointMetrics): void {
  for (let i = 0; i < 100; i += 1) {
    metrics.predicted(OF, i % 5 === 0 ? null : 0.03, Float32Array.of(50 + (i % 4) * 10));
    if (i % 5 !== 0) metrics.labelled(OF, i % 2, i % 10 === 1 ? 0 : i % 2);
  }
}

/** The metrics that are exported, each with its labels. */
async function exported(): Promise<Map<string, Set<string>>> {
  const metrics = makeMetrics();
  metrics.begin(LOADED);
  const found = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of (await metrics.text()).body.matchAll(/^(\w+)\{(.*)\} \S+$/gm))
    found.set(name, new Set([...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label)));
  return found;
}

/** The metrics that PromQL names and the labels that it selects or groups them by. */
function named(promql: string): { readonly metrics: string[]; readonly labels: string[] } {
  const metrics = [...promql.matchAll(/\bmodel_\w+/g)].map(([name]) => name);
  const selected = [...promql.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) => [...inside.matchAll(/(\w+)=~?"/g)]);
  const grouped = [...promql.matchAll(/by \(([^)]*)\)/g)].flatMap(([, inside = '']) => [...inside.matchAll(/(\w+)/g)]);
  return { metrics, labels: [...selected, ...grouped].map(([, label = '']) => label) };
}

describe('the shipped dashboard', () => {
  it('asks for metrics and labels that the endpoint exports, and no others', async () => {
    const known = await exported();
    expect(expressions.length).toBeGreaterThan(5);
    for (const promql of [...expressions, ...definitions]) {
      const { metrics, labels } = named(promql);
      expect(metrics.length, promql).toBeGreaterThan(0);
      for (const metric of metrics) expect([...known.keys()], promql).toContain(metric);
      const all = new Set(metrics.flatMap((metric) => [...(known.get(metric) ?? [])]));
      for (const label of labels) expect([...all], promql).toContain(label);
    }
  });

  it('has the limits of the guidelines, the changes that Gatehouse marks, and the provisioned source', () => {
    const steps = [...JSON.stringify(dashboard.panels).matchAll(/"value":(0\.\d+)/g)].map(([, value]) => value);
    expect(steps).toEqual(['0.02', '0.05', '0.2', '0.5']);
    expect(dashboard.annotations.list[0]?.target.tags).toEqual(['gatehouse', '$model']);
    const [folder] = ['datasources'].map((name) => join(GRAFANA, 'provisioning', name));
    const sources = readdirSync(folder ?? '').map(
      (file) => parse(readFileSync(join(folder ?? '', file), 'utf8')) as { datasources: { uid: string }[] },
    );
    const uids = sources.flatMap(({ datasources }) => datasources.map(({ uid }) => uid));
    for (const { datasource } of dashboard.panels) expect(uids).toContain(datasource.uid);
  });
});

const binary = await prometheusBinary();

describe.skipIf(binary === undefined)('a real Prometheus that scrapes the endpoint', () => {
  const metrics = makeMetrics();
  let peer: HttpPeer;
  let prometheus: TestPrometheus;
  beforeAll(async () => {
    peer = await startPeer((response) => {
      void metrics.text().then(({ body, contentType }) => response.writeHead(200, { 'content-type': contentType }).end(body));
    });
    metrics.begin(LOADED);
    prometheus = await startPrometheus(binary ?? '', [new URL(peer.url).host]);
    // The zeros first: an increase is between two scrapes.
    await eventually(async () => (await values(FIRST_WATCH.prometheus.requests)).length > 0);
    worked(metrics);
    await eventually(async () => (await values(FIRST_WATCH.prometheus.requests)).some((value) => value > 90));
  });
  afterAll(async () => {
    await prometheus?.close();
    await peer?.close();
  });

  async function values(promql: string, at = Date.now() / 1_000): Promise<number[]> {
    const query = Object.entries({ model: OF.model, version: OF.version, window: '30s', __rate_interval: '30s' }).reduce(
      (text, [name, value]) => text.replaceAll(`$${name}`, value),
      promql,
    );
    const response = await fetch(
      `${prometheus.url}/api/v1/query?${new URLSearchParams({ query, time: at.toFixed(3) }).toString()}`,
    );
    const { status, data } = (await response.json()) as { status: string; data: { result: { value: [number, string] }[] } };
    expect(status, query).toBe('success');
    return data.result.map(({ value }) => Number(value[1]));
  }

  it.each(expressions)('answers the dashboard: %s', async (promql) => {
    const answered = await values(promql);
    expect(answered.length).toBeGreaterThan(0);
    for (const value of answered) expect(Number.isFinite(value)).toBe(true);
  });

  it("answers a policy's first queries with what was counted", async () => {
    const { requests, errors, latency_p95, true_positives, false_negatives, false_positives, true_negatives } =
      FIRST_WATCH.prometheus;
    // All as of one moment: what is extrapolated is so by the same.
    const at = Date.now() / 1_000;
    const [all = 0] = await values(requests, at);
    const share = async (promql: string) => ((await values(promql, at))[0] ?? 0) / all;
    expect(await share(errors)).toBeCloseTo(0.2, 5);
    expect(await share(true_negatives)).toBeCloseTo(0.4, 5);
    expect(await share(true_positives)).toBeCloseTo(0.3, 5);
    expect(await share(false_negatives)).toBeCloseTo(0.1, 5);
    expect(await share(false_positives)).toBe(0);
    const counted = await values(FIRST_WATCH.prometheus.features, at);
    expect(counted.map((value) => Math.round((100 * value) / all)).sort((a, b) => a - b)).toEqual([50, 75, 100]);
    const [p95 = 0] = await values(latency_p95);
    expect(p95).toBeGreaterThan(0.025);
    expect(p95).toBeLessThan(0.05);
    expect(Math.abs(((await values(FIRST_WATCH.prometheus.sampled_at))[0] ?? 0) - Date.now() / 1_000)).toBeLessThan(60);
  });
});
