import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { grafanaDashboards } from '../../activities/serving/grafana-dashboards.js';
import { Away, BadInput } from '../../activities/failures.js';
import { grafanaOf } from '../../platform/grafana.js';
import { fakeDashboards, startGrafana, type GrafanaPeer } from '../support/grafana.js';
import { startPeer, type HttpPeer } from '../support/http-peer.js';
import { CHANGE, keepsContract } from './dashboards-contract.js';

let grafana: GrafanaPeer;
beforeAll(async () => {
  grafana = await startGrafana();
});
afterAll(() => grafana.peer.close());
beforeEach(() => void grafana.kept.splice(0));
const real = (deadlineMs?: number) => grafanaDashboards({ url: grafana.peer.url, token: grafana.token }, deadlineMs);

describe('the dashboards of Grafana', () => {
  keepsContract(() => ({
    dashboards: real(),
    seen: () => grafana.kept.map(({ time, text, tags }) => ({ at: new Date(time).toISOString(), text, tags })),
  }));

  it('carry the tag that the shipped dashboard looks for, and text that is no HTML', async () => {
    await real().annotate({ ...CHANGE, text: `1.2.0 by <script>alert('x')</script> & "friends"` });
    expect(grafana.kept[0]?.tags.slice(0, 2)).toEqual(['gatehouse', expect.stringMatching(/^gatehouse-change-[0-9a-f]{24}$/)]);
    expect(grafana.kept[0]?.text).toBe('1.2.0 by &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;friends&quot;');
  });

  it('leave out tags that Grafana would refuse the annotation for', async () => {
    await real().annotate({ ...CHANGE, tags: ['x'.repeat(400), 'rollback'] });
    expect(grafana.kept[0]?.tags).not.toContain('x'.repeat(400));
    expect(JSON.stringify(grafana.kept[0]?.tags).length).toBeLessThan(500);
  });
});

describe('the fake of dashboards', () => {
  let fake: ReturnType<typeof fakeDashboards>;
  keepsContract(() => {
    fake = fakeDashboards();
    return { dashboards: fake, seen: () => [...fake.kept.values()] };
  });
});

describe('a Grafana that does not take it', () => {
  let peer: HttpPeer;
  beforeAll(async () => {
    peer = await startPeer(() => undefined);
  });
  afterAll(() => peer.close());
  const annotate = (deadlineMs?: number) =>
    grafanaDashboards({ url: peer.url, token: 'glsa_secret' }, deadlineMs)
      .annotate(CHANGE)
      .catch((error: unknown) => error);
  const answering = (status: number, headers: Record<string, string> = {}, body = 'glsa_secret and more') => {
    peer.answer = (response) => void response.writeHead(status, headers).end(body);
    return annotate();
  };

  it.each<[number, Record<string, string>, number | undefined]>([
    [429, { 'retry-after': '7' }, 7_000],
    [429, { 'retry-after': 'soon' }, undefined],
    [429, {}, undefined],
    [500, {}, undefined],
    [401, {}, undefined],
    [302, { location: 'https://elsewhere.example/' }, undefined],
    [200, {}, undefined],
  ])('answering %s is away, as long as it says, in words of our own', async (status, headers, retryAfterMs) => {
    const error = await answering(status, headers);
    expect(error).toBeInstanceOf(Away);
    expect((error as Away).retryAfterMs).toBe(retryAfterMs);
    expect((error as Away).message).toMatch(/Grafana/);
    expect((error as Away).message).not.toMatch(/glsa|elsewhere/);
  });

  it('waits until a date that it names', async () => {
    const error = await answering(429, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() });
    expect((error as Away).retryAfterMs).toBeGreaterThan(3_500_000);
  });

  it('is given what it refuses for good', async () => {
    expect(await answering(400)).toBeInstanceOf(BadInput);
  });

  it('does not answer, or is not there', async () => {
    peer.answer = () => undefined;
    expect(await annotate(50)).toMatchObject({ name: 'Away', message: 'Grafana does not answer' });
    const gone = grafanaDashboards({ url: 'http://127.0.0.1:1', token: 't' });
    await expect(gone.annotate(CHANGE)).rejects.toBeInstanceOf(Away);
  });

  it('sends no end', async () => {
    peer.answer = (response) => void response.writeHead(200).write('[');
    expect(await annotate(100)).toBeInstanceOf(Away);
    peer.answer = (response) => void response.writeHead(200).end(`[${'1,'.repeat(600_000)}1]`);
    expect(await annotate()).toBeInstanceOf(Away);
  });
});

describe('GATEHOUSE_GRAFANA_URL and its token', () => {
  const [URL_NAME, TOKEN] = ['GATEHOUSE_GRAFANA_URL', 'GATEHOUSE_GRAFANA_TOKEN'];
  const read = (env: Record<string, string>) => {
    const problems: string[] = [];
    return { config: grafanaOf(env, problems), problems };
  };

  it('are read from the environment or from a file, and may be left out', () => {
    const dir = mkdtempSync(join(tmpdir(), 'gatehouse-grafana-'));
    const file = join(dir, 'token');
    writeFileSync(file, 'glsa_1\n');
    const config = { url: 'https://grafana.example.com/g', token: 'glsa_1' };
    expect(read({})).toEqual({ config: undefined, problems: [] });
    expect(read({ [URL_NAME]: 'https://grafana.example.com/g/', [TOKEN]: 'glsa_1' })).toEqual({ config, problems: [] });
    expect(read({ [URL_NAME]: 'https://grafana.example.com/g', [`${TOKEN}_FILE`]: file })).toEqual({ config, problems: [] });
    rmSync(dir, { recursive: true });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ [URL_NAME]: 'https://g.example' }, /^GATEHOUSE_GRAFANA_TOKEN: is not set/],
    [{ [TOKEN]: 'glsa_1' }, /^GATEHOUSE_GRAFANA_URL: is not set/],
    [{ [URL_NAME]: 'http://g.example', [TOKEN]: 'glsa_1' }, /unencrypted$/],
    [{ [URL_NAME]: 'ftp://g.example', [TOKEN]: 'glsa_1' }, /^GATEHOUSE_GRAFANA_URL: is not an address/],
    [{ [URL_NAME]: 'https://u:hidden@g.example', [TOKEN]: 'glsa_1' }, /^GATEHOUSE_GRAFANA_URL: is not an address/],
    [{ [URL_NAME]: 'https://g.example', [TOKEN]: 'glsa 1' }, /^GATEHOUSE_GRAFANA_TOKEN: is not one line/],
    [{ [URL_NAME]: 'https://g.example', [`${TOKEN}_FILE`]: '/nowhere' }, /^GATEHOUSE_GRAFANA_TOKEN_FILE: cannot be read/],
    [{ [URL_NAME]: 'https://g.example', [TOKEN]: 'a', [`${TOKEN}_FILE`]: '/nowhere' }, /is set, and so is/],
  ])('are refused in one line that tells no secret: %j', (env, problem) => {
    const { config, problems } = read(env);
    expect(config).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toMatch(/glsa|hidden/);
  });
});
