import type { Dashboards } from '../../activities/ports.js';
import { startPeer, type HttpPeer } from './http-peer.js';

/** An annotation as Grafana keeps it. */
export interface KeptAnnotation {
  readonly id: number;
  readonly time: number;
  readonly tags: readonly string[];
  readonly text: string;
}

/** A server that keeps annotations as Grafana's HTTP API does. */
export interface GrafanaPeer {
  readonly peer: HttpPeer;
  readonly kept: KeptAnnotation[];
  readonly token: string;
}

/** Starts a Grafana of a test's own. */
export async function startGrafana(token = 'glsa_of_a_test'): Promise<GrafanaPeer> {
  const kept: KeptAnnotation[] = [];
  const peer = await startPeer((response, body) => {
    const asked = peer.asked.at(-1);
    const send = (status: number, answer: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    };
    if (asked?.headers.authorization !== `Bearer ${token}`) return send(401, { message: 'Invalid API key' });
    const { pathname, searchParams } = new URL(asked.path, peer.url);
    if (pathname !== '/api/annotations') return send(404, { message: 'Not found' });
    if (body === '') {
      const tags = searchParams.getAll('tags');
      return send(
        200,
        kept.filter((one) => tags.every((tag) => one.tags.includes(tag))).slice(0, Number(searchParams.get('limit'))),
      );
    }
    const one = { id: kept.length + 1, ...(JSON.parse(body) as Omit<KeptAnnotation, 'id'>) };
    kept.push(one);
    send(200, { message: 'Annotation added', id: one.id });
  });
  return { peer, kept, token };
}

/** Dashboards that keep their annotations in memory; they keep to the contract of the real ones. */
export function fakeDashboards(): Dashboards & { readonly kept: Map<string, Parameters<Dashboards['annotate']>[0]> } {
  const kept = new Map<string, Parameters<Dashboards['annotate']>[0]>();
  return {
    name: 'fake',
    kept,
    annotate(change) {
      if (!kept.has(change.key)) kept.set(change.key, change);
      return Promise.resolve(`annotation of ${change.key}`);
    },
  };
}
