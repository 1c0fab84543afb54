/** How much a notice matters, which decides the channels it goes to (rules §4). */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The channels a policy can send notices to. */
export const CHANNELS = ['slack', 'email', 'pagerduty'] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** What a notice does to the page of an incident; all notices of one incident have its id. */
export interface Page {
  readonly action: 'trigger' | 'acknowledge' | 'resolve';
  /** The incident's id, by which a pager recognises what belongs together. */
  readonly incident: string;
  /** Where it is ended: pages of the same incident that were repeated under ids of their own, because a pager says one id only once. */
  readonly repeated?: readonly string[];
}

/** Something people have to be told, once for each key. */
export interface Notice {
  readonly key: string;
  readonly kind:
    /** What `gatehouse notify test` sends; never on the record. */
    | 'test'
    | 'soak-ends'
    | 'gate-unanswered'
    | 'gate-escalated'
    | 'approval-void'
    | 'attempt-ended'
    | 'production-changed'
    | 'review-opened'
    | 'rollback-refused'
    | 'hold'
    | 'follow-up-failed'
    | 'incident';
  /** What it is about: a promotion, a production change or an incident. */
  readonly subject: string;
  /** Said where the subject does not say it: neither a promotion, a production change nor a model's name. */
  readonly model?: string;
  readonly version?: string;
  /** Groups, people and names of `contacts`. */
  readonly audience: readonly string[];
  readonly title: string;
  readonly body: string;
  /** Not said for what is news for those it names: reminders and changes of a version's life. */
  readonly severity?: Severity;
  readonly page?: Page;
}
