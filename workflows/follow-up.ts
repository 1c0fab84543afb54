import { patched } from '@temporalio/workflow';
import { production, validation } from './activities.js';

/** The steps of a follow-up that wait for what is seen of the version that serves now, and are tried again more slowly. */
const VALIDATIONS = ['service-health', 'prediction-quality'];

/**
 * Takes steps after a production change side by side: none waits for what another of them cannot reach. Those that wait for nothing
 * share one activity, which takes again only what is not done yet: three events for all of them.
 */
export async function takeSteps(changeKey: string, steps: readonly string[]): Promise<void> {
  if (!patched('follow-ups-side-by-side')) {
    for (const step of steps) await production.followUp.executeWithOptions({ summary: step }, [{ changeKey, step }]);
    return;
  }
  const waiting = steps.filter((step) => VALIDATIONS.includes(step));
  const others = steps.filter((step) => !VALIDATIONS.includes(step));
  await Promise.all([
    ...(others.length > 0
      ? [production.followUp.executeWithOptions({ summary: others.join(', ') }, [{ changeKey, steps: others }])]
      : []),
    ...waiting.map((step) => validation.followUp.executeWithOptions({ summary: step }, [{ changeKey, steps: [step] }])),
  ]);
}
