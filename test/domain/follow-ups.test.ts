import { describe, expect, it } from 'vitest';
import { stepsOpen } from '../../domain/follow-ups.js';

const all = [
  'serving',
  'service-health',
  'prediction-quality',
  'watch',
  'dashboards',
  'archive-previous',
  'stakeholders',
  'incidents',
];

describe('rules §5, "the serving endpoint follows; then it is validated"; §7, "each is a step with a record and retries"', () => {
  it('takes serving first, then everything that asks nobody else side by side, and people last', () => {
    expect(stepsOpen({ followUps: all, done: [] })).toEqual(['serving']);
    expect(stepsOpen({ followUps: all, done: ['serving', 'watch'] })).toEqual([
      'service-health',
      'prediction-quality',
      'dashboards',
      'archive-previous',
    ]);
    const validated = all.filter((step) => step !== 'stakeholders' && step !== 'incidents');
    expect(stepsOpen({ followUps: all, done: validated })).toEqual(['stakeholders', 'incidents']);
    expect(stepsOpen({ followUps: all, done: all })).toEqual([]);
  });

  it('asks of a change no more than it has said itself', () => {
    expect(stepsOpen({ followUps: ['serving', 'archive-previous'], done: ['serving'] })).toEqual(['archive-previous']);
  });
});
