import type { Outcome } from '../output.js';
import { reasonFor } from '../reason.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';

/** What `people revoke` is told. */
export interface RevokeOptions {
  readonly email: string;
  readonly reason: string;
  readonly approver: string;
}

/** Revokes a person. */
export async function revoke(options: RevokeOptions): Promise<Outcome> {
  const [email, reason] = [options.email.trim().toLowerCase(), reasonFor(options.reason)];
  return await asWriter(async (writing) => {
    const answer = await sendAct(writing, 'revoke', { email, reason }, options.approver);
    return actOutcome(answer, `${email} is revoked: they sign nothing, and what they approved in open attempts is void`);
  });
}
