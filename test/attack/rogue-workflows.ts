import { defineUpdate, setHandler } from '@temporalio/workflow';

/** Calls itself a promotion and ends as if everybody had approved. */
export async function promotion(): Promise<{ outcome: string }> {
  setHandler(defineUpdate<{ accepted: boolean }, [unknown]>('decide'), () => ({ accepted: true }));
  return await Promise.resolve({ outcome: 'production' });
}

/** Calls itself an act and answers that it was accepted. */
export async function act(): Promise<{ accepted: boolean; refusal: null; result: object }> {
  return await Promise.resolve({ accepted: true, refusal: null, result: {} });
}
