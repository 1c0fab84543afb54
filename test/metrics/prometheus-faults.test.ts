import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prometheus } from '../../activities/metrics/prometheus.js';
import type { WindowAsked } from '../../activities/ports.js';
import type { UnknownCause } from '../../domain/live.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';
import { startPeer, type HttpPeer } from '../support/http-peer.js';
import { windowOf } from './source-contract.js';

const OF = { model: 'm', version: '1.0.0' };
const AT = 1_800_000_000.5;
const { signal } = new AbortController();
const PRIVATE = 'anna.patient@example.org';

type Name = Exclude<keyof WindowAsked['queries'], 'latency_unit'>;
interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly unknown[];
}
/** What is asked of the peer is the name of the query, so that it can answer each by itself. */
const QUERIES = {
  ...Object.fromEntries(Object.keys(FIRST_WATCH.prometheus).map((name) => [name, name])),
  latency_unit: 's',
} as WindowAsked['queries'];

const series = (value: unknown, metric: Series['metric'] = OF): Series => ({ metric, value: [AT, value] });
const HEALTHY: Readonly<Record<Name, readonly Series[]>> = {
  requests: [series('200.4')],
  errors: [series('3')],
  latency_p50: [series('0.02')],
  latency_p95: [series('0.09')],
  latency_p99: [series('0.2')],
  true_positives: [series('40.4')],
  false_positives: [series('5.6')],
  true_negatives: [series('30')],
  false_negatives: [series('0')],
  sampled_at: [series(String(AT - 2))],
  features: ['+Inf', '0.1', '-1'].map((le, at) => series(['10', '6.2', '2'][at], { ...OF, feature: 'tau', le })),
};

let peer: HttpPeer;
let changed: Partial<Record<Name, readonly unknown[]>>;
beforeAll(async () => {
  peer = await startPeer(() => undefined);
});
afterAll(() => peer.close());
beforeEach(() => {
  changed = {};
  peer.asked.length = 0;
  peer.answer = answer;
});

function answer(response: ServerResponse, body: string): void {
  const name = new URLSearchParams(body).get('query') as Name;
  json(response, { status: 'success', data: { resultType: 'vector', result: changed[name] ?? HEALTHY[name] } });
}

function json(response: ServerResponse, document: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
}

const source = (token?: string) => prometheus({ url: peer.url, ...(token !== undefined && { token }) });
const read = (change: Partial<WindowAsked> = {}) => source().read(windowOf(OF, { queries: QUERIES, ...change }), signal);
const features = (names = ['tau']) => source().features(windowOf(OF, { queries: QUERIES }), { names, maxRows: 1 }, signal);
const unknownFor = (cause: UnknownCause) => ({ known: false, cause, why: expect.any(String) as string });

describe('what a healthy Prometheus answers', () => {
  it('is known, in milliseconds, and labels are whole', async () => {
    expect(await read()).toEqual({
      service: { known: true, value: { requests: 200.4, errors: 3, latency: { p50: 20, p95: 90, p99: 200 } } },
      labels: { known: true, value: { truePositives: 40, falsePositives: 6, trueNegatives: 30, falseNegatives: 0 } },
    });
    const { service } = await read({ queries: { ...QUERIES, latency_unit: 'ms' } });
    expect(service).toMatchObject({ value: { latency: { p95: 0.09 } } });
  });

  it('is of one moment by its own clock, asked by POST with the token', async () => {
    await source('a-token').read(windowOf(OF, { queries: QUERIES }), signal);
    const [first, ...others] = peer.asked;
    expect(first?.body).toBe('query=sampled_at');
    expect(others.map(({ body }) => new URLSearchParams(body).get('time'))).toEqual(Array(9).fill('1800000000.500'));
    expect(new Set(peer.asked.map(({ path, headers }) => `${path} ${headers.authorization}`))).toEqual(
      new Set(['/api/v1/query Bearer a-token']),
    );
  });

  it('is asked with the names quoted as PromQL does, and each window its own', async () => {
    const queries = { ...QUERIES, sampled_at: '', requests: '' };
    await source().read(
      windowOf(
        { model: 'm"}\\\n', version: '$window' },
        { queries: { ...queries, sampled_at: 'x{model="$model",version="$version"}[$window] $windows' }, windowMs: 1_500 },
      ),
      signal,
    );
    expect(new URLSearchParams(peer.asked[0]?.body).get('query')).toBe(
      'x{model="m\\"}\\\\\\n",version="$window"}[1500ms] $windows',
    );
  });

  it('of features are bins, in single precision as the training set is', async () => {
    const bins = { kind: 'bins', edges: [-1, Math.fround(0.1)], counts: [2, 4, 4] };
    expect(await features()).toEqual({ known: true, value: { tau: bins } });
  });

  it('of a window without requests is known, and has no latency (M6)', async () => {
    changed = {
      requests: [series('0')],
      errors: [series('0')],
      latency_p50: [series('NaN')],
      latency_p95: [series('NaN')],
      latency_p99: [],
    };
    expect((await read()).service).toEqual({ known: true, value: { requests: 0, errors: 0, latency: null } });
  });

  it('where all failed has no latency, and errors are never more than requests, though each is extrapolated by itself', async () => {
    changed = {
      errors: [series('203')],
      latency_p50: [series('NaN')],
      latency_p95: [series('NaN')],
      latency_p99: [series('NaN')],
    };
    expect((await read()).service).toEqual({ known: true, value: { requests: 200.4, errors: 200.4, latency: null } });
  });
});

describe('what is wrong with a figure (M1–M6)', () => {
  it.each<[string, UnknownCause, Partial<Record<Name, readonly unknown[]>>]>([
    ...['NaN', '+Inf', '-Inf', '-3', '-0', '1e400', '"0.93"', '0x10', '', 'Infinity', 0.93, null].map(
      (value): [string, UnknownCause, Partial<Record<Name, readonly unknown[]>>] => [
        `the count ${JSON.stringify(value)} (M1)`,
        'invalid sample',
        { requests: [series(value)] },
      ],
    ),
    ['a latency of NaN, though predictions were answered (M1)', 'invalid sample', { latency_p95: [series('NaN')] }],
    ['a latency without a series, though predictions were answered (M2)', 'no data', { latency_p95: [] }],
    ['quantiles that fall', 'invalid sample', { latency_p50: [series('0.1')] }],
    ['no series (M2)', 'no data', { errors: [] }],
    ['two series (M2)', 'ambiguous', { errors: [series('1'), series('2')] }],
    ['a newest sample that is old (M3)', 'stale', { sampled_at: [series(String(AT - 10.001))] }],
    ['a newest sample from the future (M3)', 'stale', { sampled_at: [series(String(AT + 0.002))] }],
    ['a time in milliseconds (M3)', 'stale', { sampled_at: [series(String(AT * 1_000))] }],
    ['no time of the newest sample (M3)', 'no data', { sampled_at: [] }],
    ['another version (M4)', 'label mismatch', { requests: [series('9', { ...OF, version: '1.0.1' })] }],
    ['another model (M4)', 'label mismatch', { sampled_at: [series('9', { ...OF, model: 'n' })] }],
    ['a series without labels (M4)', 'label mismatch', { requests: [series('9', {})] }],
    [
      'another version beside it (M4)',
      'label mismatch',
      { latency_p99: [series('1'), series('9', { ...OF, version: PRIVATE })] },
    ],
    ['more errors than requests (M5)', 'wrong unit', { errors: [series('203.5')] }],
    ['a latency beyond an hour (M5)', 'wrong unit', { latency_p99: [series('3600.001')] }],
  ])('%s is %s', async (_, cause, change) => {
    changed = change;
    expect((await read()).service).toEqual(unknownFor(cause));
  });

  it('of labels leaves the service known, and the other way round', async () => {
    changed = { false_negatives: [] };
    expect(await read()).toMatchObject({ service: { known: true }, labels: unknownFor('no data') });
    changed = { errors: [series('NaN')] };
    expect(await read()).toMatchObject({ service: unknownFor('invalid sample'), labels: { known: true } });
  });

  it.each<[string, UnknownCause, readonly unknown[]]>([
    ['none of the feature', 'no data', []],
    ['no bucket up to +Inf', 'invalid sample', HEALTHY.features.slice(1)],
    ['no other bucket', 'invalid sample', HEALTHY.features.slice(0, 1)],
    ['two of one edge', 'ambiguous', [...HEALTHY.features, series('6', { ...OF, feature: 'tau', le: '0.1' })]],
    ['an edge that is no number', 'invalid sample', [...HEALTHY.features, series('6', { ...OF, feature: 'tau', le: PRIVATE })]],
    ['counts that are not cumulative', 'invalid sample', [...HEALTHY.features, series('1', { ...OF, feature: 'tau', le: '3' })]],
    ['counts of nothing', 'no data', HEALTHY.features.map(({ metric }) => series('0', metric))],
    ['another version', 'label mismatch', HEALTHY.features.map(({ metric }) => series('1', { ...metric, version: '2.0.0' }))],
  ])('buckets with %s are %s', async (_, cause, samples) => {
    changed = { features: samples };
    expect(await features()).toEqual(unknownFor(cause));
  });

  it('and what a query is not there for is not measured', async () => {
    expect(await read({ queries: { ...QUERIES, errors: ' ', true_positives: '' } })).toMatchObject({
      service: unknownFor('not measured'),
      labels: unknownFor('not measured'),
    });
    expect(await read({ queries: { ...QUERIES, sampled_at: '' } })).toMatchObject({ service: unknownFor('not measured') });
  });
});

describe('a peer that does not answer as Prometheus (M7, M8)', () => {
  const status =
    (code: number, headers: Record<string, string> = {}): HttpPeer['answer'] =>
    (response) =>
      response.writeHead(code, headers).end(`<html>${PRIVATE}</html>`);

  it.each<[string, UnknownCause, HttpPeer['answer']]>([
    ['a redirect', 'source away', status(301, { location: '/elsewhere' })],
    ['401', 'source away', status(401)],
    ['429 with a day to wait', 'source away', status(429, { 'retry-after': '86400' })],
    ['500', 'source away', status(500)],
    ['400', 'not measured', status(400)],
    ['a page', 'source away', status(200)],
    ['an error in JSON', 'source away', (response) => json(response, { status: 'error', error: PRIVATE })],
    ['a matrix', 'source away', (response) => json(response, { status: 'success', data: { resultType: 'matrix', result: [] } })],
    ['null', 'source away', (response) => json(response, null)],
    ['series of another form', 'source away', (response) => json(response, vector([{ metric: OF, values: [[AT, '1']] }]))],
    ['series without a time', 'source away', (response) => json(response, vector([{ metric: OF, value: ['now', '1'] }]))],
    ['a broken connection', 'source away', (response) => void response.destroy()],
    ['half an answer', 'source away', (r) => void r.writeHead(200, { 'content-length': '99' }).write('{', () => r.destroy())],
    [
      'what is not what it is said to be packed as',
      'source away',
      (r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    ],
    ['a bomb of gzip', 'source away', (r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB)],
    ['a body without end', 'source away', endless],
  ])('%s is %s, and nothing it says is repeated', async (_, cause, misbehave) => {
    peer.answer = misbehave;
    const reading = await read();
    expect(reading).toEqual({ service: unknownFor(cause), labels: unknownFor(cause) });
    expect(await features()).toEqual(unknownFor(cause));
    expect(JSON.stringify(reading)).not.toContain('patient');
    // A redirect is not followed, and nothing is tried again.
    expect(peer.asked.map(({ path }) => path)).toEqual(['/api/v1/query', '/api/v1/query']);
  });

  it('an answer that drips is given up, and one that is cancelled is none', async () => {
    peer.answer = (response) => {
      const drip = setInterval(() => response.write(' '), 50);
      response.writeHead(200).on('close', () => clearInterval(drip));
    };
    const cancel = new AbortController();
    const cancelled = source().read(windowOf(OF, { queries: QUERIES }), cancel.signal);
    const [{ service }] = await Promise.all([read(), expect(cancelled).rejects.toThrow('cancelled'), cancelSoon(cancel)]);
    expect(service).toMatchObject({ known: false, cause: 'source away', why: 'Prometheus does not answer in time' });
  });

  it('nobody there is an answer', async () => {
    const gone = await startPeer(() => undefined);
    await gone.close();
    const { service } = await prometheus({ url: gone.url }).read(windowOf(OF), signal);
    expect(service).toEqual(unknownFor('source away'));
  });
});

const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024));

function endless(response: ServerResponse): void {
  response.writeHead(200);
  const chunk = Buffer.alloc(256 * 1024, ' ');
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

function vector(result: readonly unknown[]): unknown {
  return { status: 'success', data: { resultType: 'vector', result } };
}

async function cancelSoon(cancel: AbortController): Promise<void> {
  await new Promise((soon) => setTimeout(soon, 100));
  cancel.abort(new Error('cancelled'));
}
