import { existsSync, readFileSync } from 'node:fs';

/** The sinks of the embedded stack. */
export const SINKS = ['pagerduty', 'slack', 'mail'] as const;

/** What arrived in a sink, in the words that its reader sees first. */
export interface Arrived {
  readonly sink: (typeof SINKS)[number];
  readonly text: string;
}

interface Kept {
  readonly subject?: string;
  readonly text?: string;
  readonly event_action?: string;
  readonly payload?: { readonly summary?: string };
  readonly dedup_key?: string;
}

/** The messages in the files of the stack's sinks, oldest first of each. */
export function arrivedIn(sinks: Readonly<Record<string, string>>): Arrived[] {
  return SINKS.flatMap((sink) => keptIn(sinks[sink]).map((kept) => ({ sink, text: firstWords(kept) })));
}

function keptIn(file: string | undefined): Kept[] {
  if (file === undefined || !existsSync(file)) return [];
  // A last line without its end is still being written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.filter(Boolean).map((line) => JSON.parse(line) as Kept);
}

function firstWords({ subject, text, event_action: action, payload, dedup_key: key }: Kept): string {
  return subject ?? text?.split('\n', 1)[0] ?? `${action ?? ''}: ${payload?.summary ?? key ?? ''}`;
}
