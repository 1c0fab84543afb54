import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { Progress } from '../domain/progress.js';

const modelName = defineSearchAttributeKey('ModelName', SearchAttributeType.KEYWORD);
const modelVersion = defineSearchAttributeKey('ModelVersion', SearchAttributeType.KEYWORD);
const stage = defineSearchAttributeKey('Stage', SearchAttributeType.KEYWORD);
const pendingGates = defineSearchAttributeKey('PendingGates', SearchAttributeType.KEYWORD_LIST);
const severity = defineSearchAttributeKey('Severity', SearchAttributeType.KEYWORD);
const soakEndsAt = defineSearchAttributeKey('SoakEndsAt', SearchAttributeType.DATETIME);

/** Which version a run is about. */
export function versionPairs(model: string, version: string): SearchAttributeUpdatePair[] {
  return [
    { key: modelName, value: model },
    { key: modelVersion, value: version },
  ];
}

/** How grave the incidents of a watched version are together. */
export function severityPair(value: string): SearchAttributeUpdatePair {
  return { key: severity, value };
}

/** Makes the run findable by what changed since the last call; costs an event only when something did. */
export function showInLists(before: Progress | null, now: Progress): void {
  const pairs: SearchAttributeUpdatePair[] = [];
  if (!before) pairs.push(...versionPairs(now.model, now.version));
  if (before?.state !== now.state) pairs.push({ key: stage, value: now.state });
  if (!before || soakHour(before) !== soakHour(now)) pairs.push({ key: soakEndsAt, value: soakEnd(now) });
  if (openGates(before).join() !== openGates(now).join()) pairs.push({ key: pendingGates, value: openGates(now) });
  if (pairs.length > 0) upsertSearchAttributes(pairs);
}

/** When the soak minimum ends; null where there is no soak, or where it stands still and nobody knows. */
function soakEnd({ state, soak }: Progress): Date | null {
  return state === 'staging' && soak && !soak.paused ? new Date(soak.minEndsAt) : null;
}

/** An end that moves by seconds is not worth an event. */
function soakHour(progress: Progress): string | undefined {
  return soakEnd(progress)?.toISOString().slice(0, 13);
}

function openGates(progress: Progress | null): string[] {
  if (progress?.state !== 'staging') return [];
  return progress.gates.filter(({ state }) => state !== 'approved').map(({ gate }) => gate);
}
