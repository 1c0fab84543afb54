import type { WindowAsked } from '../ports.js';

const MS_PER_SECOND = 1_000;

/** A policy's query with what it is asked for in the places of `$model`, `$version` and `$window`; texts as PromQL quotes them. */
export function promql(template: string, { model, version }: Pick<WindowAsked, 'model' | 'version'>, windowMs: number): string {
  const values: Readonly<Record<string, string>> = {
    model: quoted(model),
    version: quoted(version),
    window: windowMs % MS_PER_SECOND === 0 ? `${windowMs / MS_PER_SECOND}s` : `${Math.ceil(windowMs)}ms`,
  };
  return template.replace(/\$(model|version|window)\b/g, (_, name: string) => values[name] ?? '');
}

/** What stands between the quotes: a backslash, a quote or a line break in a text must not end it. */
function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
