import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/stack.js';

interface Recorded {
  events: { eventType: string; activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

const folder = join(root, 'test', 'histories');
const workflowBundle = { codePath: join(root, 'dist', 'workflow-bundle.js') };
const read = (file: string): Recorded => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recorded;
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
});

describe('recorded histories replay with the code as it is', () => {
  it('there is one for every ending', () => {
    expect(files.map((file) => file.replace('.json', ''))).toEqual([
      'act',
      'archived-side-by-side',
      'archived',
      'automatic-rollback',
      'continued-as-new',
      'decided-at-once',
      'expired',
      'flooded',
      'in-production',
      'notice-over-channels',
      'notice',
      'rejected-by-a-gate',
      'rejected-by-checks',
      'rejected-by-staging-health',
      'retirement-side-by-side',
      'retirement',
      'rollback-side-by-side',
      'rollback',
      'watch-left',
      'watch-with-an-incident',
      'withdrawn',
    ]);
  });

  it.each(files)('%s', async (file) => {
    await expect(Worker.runReplayHistory({ workflowBundle }, read(file))).resolves.toBeUndefined();
  });

  it('a history in which another activity was run is found', async () => {
    const altered = read('archived.json');
    const change = altered.events.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'changeProduction',
    );
    if (!change?.activityTaskScheduledEventAttributes) throw new Error('the recorded history has no production change');
    change.activityTaskScheduledEventAttributes.activityType.name = 'skipTheChange';
    await expect(Worker.runReplayHistory({ workflowBundle }, altered)).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism/);
  });

  it('history stays bounded: a watch costs one activity for any number of looks without news, and one more for each with news', () => {
    const looks = ({ events }: Recorded) => events.filter((event) => event.activityTaskScheduledEventAttributes).length;
    expect([looks(read('watch-left.json')), read('watch-left.json').events.length]).toEqual([1, 11]);
    expect(looks(read('watch-with-an-incident.json'))).toBe(3);
  });

  it.each(['in-production', 'archived-side-by-side'])(
    'history stays bounded: %s is under 120 events and at most 16 workflow tasks',
    (name) => {
      const { events } = read(`${name}.json`);
      expect(events.length).toBeLessThan(120);
      expect(events.filter(({ eventType }) => eventType === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED').length).toBeLessThanOrEqual(16);
    },
  );
});
