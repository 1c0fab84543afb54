import { Connection } from '@temporalio/client';
import { formatDuration } from '../../domain/quantity.js';
import type { TemporalConfig } from '../../platform/config.js';
import { checked, notLookedAt, type Check } from '../../platform/doctor/check.js';
import { EVIDENCE_QUEUE, TASK_QUEUE } from '../../workflows/messages.js';

/** What is checked of a namespace that is there. */
const INSIDE = ['search-attributes', 'pollers'] as const;

const REACHED_WITHIN_MS = 5_000;
const ANSWERS_WITHIN_MS = 3_000;
/** A poll lasts a minute; a worker that asked no longer ago than this is alive. */
const POLLED_WITHIN_MS = 120_000;
const SECOND_MS = 1_000;
/** The server's number for a namespace that is open. */
const REGISTERED = 1;
/** What gRPC says of what is not there, of what this caller may not see, and of what this server does not offer. */
const [NOT_FOUND, NOT_PERMITTED, NOT_OFFERED] = [5, 7, 12];

/** What the runs set, by the number that the server has for its type. */
const ATTRIBUTES = {
  ModelName: [2, 'Keyword'],
  ModelVersion: [2, 'Keyword'],
  Stage: [2, 'Keyword'],
  PendingGates: [7, 'KeywordList'],
  SoakEndsAt: [6, 'Datetime'],
  Severity: [2, 'Keyword'],
} as const;
/** What workers poll for, with the server's number for that kind. */
const POLLED = [
  { what: 'runs', queue: TASK_QUEUE, taskQueueType: 1 },
  { what: 'their activities', queue: TASK_QUEUE, taskQueueType: 2 },
  { what: 'measurements', queue: EVIDENCE_QUEUE, taskQueueType: 2 },
] as const;

type Look = (connection: Connection, namespace: string) => Promise<Check>;

/** Whether Temporal answers, and its namespace has what the runs and workers need. */
export async function temporalChecks({ connectionOptions, namespace }: TemporalConfig): Promise<Check[]> {
  const place = connectionOptions.address;
  const wants = 'a Temporal server that answers';
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: REACHED_WITHIN_MS });
    const reached = connection;
    const { serverVersion } = await within(reached, () => reached.workflowService.getSystemInfo({}));
    const found = `${place}, server ${serverVersion || 'of unknown version'}`;
    const made = (id: string, look: Look) =>
      within(reached, () => look(reached, namespace)).catch((error: unknown) => failed(id, error));
    const there = await made('namespace', namespaceCheck);
    const inside = there.ok
      ? await Promise.all([made('search-attributes', attributesCheck), made('pollers', pollersCheck)])
      : INSIDE.map((id) => notLookedAt(id, '-', 'the namespace cannot be used'));
    return [checked('temporal', true, { found, wants, next: null }), there, ...inside];
  } catch (error) {
    const found = `${place} does not answer: ${reasonOf(error)}`;
    const next = 'start it, or gatehouse up; check TEMPORAL_ADDRESS';
    return [
      checked('temporal', false, { found, wants, next }),
      ...['namespace', ...INSIDE].map((id) => notLookedAt(id, '-', 'temporal is away')),
    ];
  } finally {
    await connection?.close();
  }
}

async function within<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  return await connection.withDeadline(Date.now() + ANSWERS_WITHIN_MS, work);
}

async function namespaceCheck({ workflowService }: Connection, namespace: string): Promise<Check> {
  const { namespaceInfo, config } = await workflowService.describeNamespace({ namespace });
  const retentionMs = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * SECOND_MS;
  const state: number = namespaceInfo?.state ?? 0;
  const isUsable = state === REGISTERED && namespaceInfo?.capabilities?.syncUpdate !== false;
  return checked('namespace', isUsable, {
    found: `${namespace}, finished runs are kept ${formatDuration(retentionMs)}${isUsable ? '' : ', not open for updates'}`,
    wants: 'a registered namespace that takes updates; the record needs no retention',
    next: 'use a newer server, or name another namespace in TEMPORAL_NAMESPACE',
  });
}

async function attributesCheck({ operatorService }: Connection, namespace: string): Promise<Check> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const typeOf = (name: string): number => customAttributes[name] ?? 0;
  const wrong = Object.entries(ATTRIBUTES).filter(([name, [type]]) => typeOf(name) !== type);
  const found = wrong.map(([name]) => `${name} is ${typeOf(name) === 0 ? 'missing' : 'of another type'}`);
  const flags = wrong.map(([name, [, type]]) => `--name ${name} --type ${type}`).join(' ');
  return checked('search-attributes', wrong.length === 0, {
    found: found.join(', ') || 'all are registered',
    wants: Object.entries(ATTRIBUTES)
      .map(([name, [, type]]) => `${name} ${type}`)
      .join(', '),
    next: `temporal operator search-attribute create --namespace ${namespace} ${flags}`,
  });
}

async function pollersCheck({ workflowService }: Connection, namespace: string): Promise<Check> {
  const counts = POLLED.map(async ({ what, queue, taskQueueType }) => {
    const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name: queue }, taskQueueType });
    const alive = (pollers ?? []).filter(({ lastAccessTime: at }) => {
      return Date.now() - Number(at?.seconds ?? 0) * SECOND_MS <= POLLED_WITHIN_MS;
    });
    return { what, queue, count: alive.length };
  });
  const all = await Promise.all(counts);
  return checked(
    'pollers',
    all.every(({ count }) => count > 0),
    {
      found: all.map(({ what, queue, count }) => `${count} for ${what} (${queue})`).join(', '),
      wants: 'a worker or more for each',
      next: 'start gatehouse worker, with GATEHOUSE_WORK unset or naming what is missing',
    },
  );
}

/** A call that failed: what may not be seen is unknown, anything else is wrong. */
function failed(id: string, error: unknown): Check {
  const { code } = error as { code?: unknown };
  const reason = reasonOf(error);
  if (code === NOT_PERMITTED || code === NOT_OFFERED) return notLookedAt(id, '-', reason);
  const next = code === NOT_FOUND ? 'check TEMPORAL_NAMESPACE' : 'try again';
  return checked(id, false, { found: reason, wants: 'an answer from the server', next });
}

function reasonOf(error: unknown): string {
  const { details, cause, message } = error as { details?: string; cause?: unknown; message?: string };
  if (details) return details;
  return cause instanceof Error ? reasonOf(cause) : (message ?? String(error));
}
