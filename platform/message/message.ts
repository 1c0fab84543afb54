import type { Notice, Severity } from '../../domain/notice.js';

/** A notice with everything that a channel says and where it goes, made from the record and the model's policy. */
export interface Message extends Notice {
  readonly at: string;
  readonly severity: Severity;
  /** Facts for whoever reads it, in the order in which they are shown. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly links: readonly { readonly name: string; readonly url: string }[];
  /** The e-mail addresses that the audience comes to, the Slack channel that the policy's contacts name, and who is on call. */
  readonly to: { readonly emails: readonly string[]; readonly slack: string | null; readonly onCall: string | null };
}
