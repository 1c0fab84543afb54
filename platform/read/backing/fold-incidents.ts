import type { TrailEvent } from '../audit-trail.js';
import { momentOf, textOf } from './backing.js';
import type { Told } from './told.js';

/** What became of an incident; one that is closed is told of no more. */
export function incidentTold({ acts }: Told, event: TrailEvent): string[] {
  const { action, subject: id, detail } = event;
  if (!acts) return [];
  if (action === 'incident.closed') {
    acts.incidents.delete(id);
    return [];
  }
  const [model, version, condition, severity, what] = ['model', 'version', 'condition', 'severity', 'what'].map((name) =>
    textOf(detail[name]),
  ) as [string, string, string, string, string];
  const opened = acts.incidents.get(id)?.opened ?? momentOf(event);
  acts.incidents.set(id, { id, model, version, condition, severity, what, opened });
  return [];
}
