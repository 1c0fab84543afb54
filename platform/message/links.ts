import { byHandWorkflowId, promotionWorkflowId, watchWorkflowId } from '../../domain/ids.js';
import type { Notice } from '../../domain/notice.js';

/** Where Temporal's UI and the evidence pages are, as far as it is known. */
export interface Places {
  readonly temporalUiUrl?: string;
  readonly namespace: string;
  /** An address with `{model}` and `{version}` in it. */
  readonly evidenceUrl?: string;
}

/** What a notice is about, as far as the record knows it. */
export interface About {
  readonly model?: string;
  readonly version?: string;
  readonly promotionId: string | null;
  /** A production change that was not a promotion's: its key and kind. */
  readonly change: { readonly key: string; readonly kind: string } | null;
}

/** News of a version that serves, or has just served. */
const WATCHED: readonly Notice['kind'][] = ['incident', 'production-changed', 'rollback-refused', 'follow-up-failed'];

/** The links of a message: the runs in Temporal's UI that it is about, and the evidence page of its version. */
export function linksOf(kind: Notice['kind'], about: About, places: Places): { readonly name: string; readonly url: string }[] {
  const { model, version, promotionId, change } = about;
  const { temporalUiUrl, namespace, evidenceUrl } = places;
  const runs = temporalUiUrl && `${temporalUiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  const run = (name: string, id: string) => (runs ? [{ name, url: `${runs}/${encodeURIComponent(id)}` }] : []);
  const isKnown = model !== undefined && version !== undefined;
  const watch = isKnown ? watchWorkflowId({ model, version }, 0).replace(/0$/, '') : '';
  const watches = `WorkflowId STARTS_WITH "${watch}"`;
  return [
    ...(promotionId === null ? [] : run('Promotion in Temporal', promotionWorkflowId(promotionId))),
    ...(change && model !== undefined
      ? run(change.kind === 'rollback' ? 'Rollback in Temporal' : 'Retirement in Temporal', byHandWorkflowId(model, change.key))
      : []),
    ...(runs && isKnown && WATCHED.includes(kind)
      ? [{ name: 'Watch in Temporal', url: `${runs}?query=${encodeURIComponent(watches)}` }]
      : []),
    ...(evidenceUrl && isKnown
      ? [
          {
            name: 'Evidence page',
            url: evidenceUrl
              .replaceAll('{model}', encodeURIComponent(model))
              .replaceAll('{version}', encodeURIComponent(version)),
          },
        ]
      : []),
  ];
}

/** The command that makes the evidence page of a version. */
export function evidenceCommand(model: string, version: string): string {
  return `gatehouse check --model-name ${model} --version ${version} --out evidence.html`;
}
