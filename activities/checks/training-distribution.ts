import type { Deps } from '../registry/deps.js';
import type { CheckSubject } from './subject.js';
export function ensureTrainingDistribution(_deps: Deps, _subject: CheckSubject, _signal?: AbortSignal): Promise<object | undefined> {
  return Promise.resolve({});
}
