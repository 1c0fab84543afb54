import type { Attempt } from './attempt.js';
import { voidApprovals, type VoidApproval } from './gates.js';
import { faultText } from './void.js';

/** What people are told of one approval that is void. */
interface VoidNotice {
  readonly key: string;
  readonly kind: 'approval-void';
  readonly subject: string;
  readonly audience: readonly string[];
  readonly title: string;
  readonly body: string;
}

/** The void approvals that people hear of: those that their authors gave. */
export function voidToTell(attempt: Attempt): VoidApproval[] {
  return voidApprovals(attempt).filter(({ fault }) => fault.cause !== 'not signed');
}

/**
 * Rules §3: "earlier approvals are void and say so": one notice for each approval that does not count any more, to its author, the
 * gate's group and the requester. What a new round took is not told of again when it was void before.
 */
export function voidNotices(attempt: Attempt): VoidNotice[] {
  const { promotionId: subject, model, version, requestedBy, policy, round } = attempt;
  return voidToTell(attempt)
    .filter(({ decision }) => decision.round === round || decision.toldVoidAt === null)
    .map(({ decision, fault }) => {
      const { gate, person, at, id } = decision;
      const { group, asks } = policy.gates[gate];
      return {
        key: `${keyOfVoid(subject, id)}${fault.cause.replaceAll(' ', '-')}`,
        kind: 'approval-void',
        subject,
        audience: [...new Set([group, person, requestedBy])],
        title: `${model} ${version}: an approval of gate ${gate} is void`,
        body:
          `${person} approved it at ${new Date(at).toISOString()}; it is void: ${faultText(fault)}. ` +
          `The gate waits again for group ${group}, which attests: ${asks}. gatehouse pending --gate ${gate}`,
      };
    });
}

/** How the keys of the notices begin that tell of one approval that is void. */
export function keyOfVoid(promotionId: string, decisionId: string): string {
  return `${promotionId}/approval-void/${decisionId}/`;
}
