import { expect, it } from 'vitest';
import type { Dashboards } from '../../activities/ports.js';

/** What dashboards have kept, as a test can see it. */
export interface SeenAnnotation {
  readonly at: string;
  readonly text: string;
  readonly tags: readonly string[];
}

export const CHANGE = {
  key: 'promotion/alzheimer_classifier/1.2.0/1',
  at: '2026-09-07T08:00:00.000Z',
  model: 'alzheimer_classifier',
  text: '1.2.0 is in production',
  tags: ['promotion'],
} as const;

/** What every place in which changes are marked keeps to. */
export function keepsContract(make: () => { dashboards: Dashboards; seen: () => readonly SeenAnnotation[] }): void {
  it('marks a change at its time, in its words, and says where', async () => {
    const { dashboards, seen } = make();
    expect(await dashboards.annotate(CHANGE)).toMatch(/\S/);
    expect(seen()).toMatchObject([{ at: CHANGE.at, text: CHANGE.text }]);
    expect(seen()[0]?.tags).toEqual(expect.arrayContaining(['promotion']));
  });

  it('marks it once, however often it is told, and another one as well', async () => {
    const { dashboards, seen } = make();
    for (let i = 0; i < 3; i += 1) await dashboards.annotate(CHANGE);
    await dashboards.annotate({ ...CHANGE, key: 'rollback/1' });
    await dashboards.annotate(CHANGE);
    expect(seen()).toHaveLength(2);
  });
}
