import { patched } from '@temporalio/workflow';
import { production, validation } from './activities.js';

/** The steps of a follow-up that wait for what is seen of the version that serves now. */
const VALIDATIONS = ['service-health', 'prediction-quality'];

/** Takes steps after a production change side by side: none waits for what another of them cannot reach. */
export async function takeSteps(changeKey: string, steps: readonly string[]): Promise<void> {
  const take = (step: string) => {
    const { followUp } = VALIDATIONS.includes(step) ? validation : production;
    return followUp.executeWithOptions({ summary: step }, [{ changeKey, step }]);
  };
  if (patched('follow-ups-side-by-side')) {
    await Promise.all(steps.map(take));
    return;
  }
  for (const step of steps) await take(step);
}
