import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { Progress } from '../domain/progress.js';

const modelName = defineSearchAttributeKey('ModelName', SearchAttributeType.KEYWORD);
const modelVersion = defineSearchAttributeKey('ModelVersion', SearchAttributeType.KEYWORD);
const stage = defineSearchAttributeKey('Stage', SearchAttributeType.KEYWORD);
const pendingGates = defineSearchAttributeKey('PendingGates', SearchAttributeType.KEYWORD_LIST);
const soakEndsAt = defineSearchAttributeKey('SoakEndsAt', SearchAttributeType.DATETIME);

/** Makes the run findable by what changed since the last call; costs an event only when something did. */
export function showInLists(before: Progress | null, now: Progress): void {
  const pairs: SearchAttributeUpdatePair[] = [];
  if (!before) pairs.push({ key: modelName, value: now.model }, { key: modelVersion, value: now.version });
  if (before?.state !== now.state) {
    pairs.push({ key: stage, value: now.state });
    pairs.push({ key: soakEndsAt, value: now.state === 'staging' && now.soak ? new Date(now.soak.minEndsAt) : null });
  }
  if (openGates(before).join() !== openGates(now).join()) pairs.push({ key: pendingGates, value: openGates(now) });
  if (pairs.length > 0) upsertSearchAttributes(pairs);
}

function openGates(progress: Progress | null): string[] {
  if (progress?.state !== 'staging') return [];
  return progress.gates.filter(({ state }) => state !== 'approved').map(({ gate }) => gate);
}
