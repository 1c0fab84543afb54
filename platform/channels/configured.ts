import type { MailServer } from '../mail-server.js';
import { emailSender } from './email.js';
import { pagerdutySender, type PagerDutyConfig } from './pagerduty.js';
import type { Sender } from './sender.js';
import { slackSender, type SlackConfig } from './slack.js';

/** The channels as a process is told of them; what is not there is not used. */
export interface ChannelsConfig {
  readonly slack?: SlackConfig;
  readonly email?: MailServer;
  readonly pagerduty?: PagerDutyConfig;
}

/** A sender for each channel that is configured. */
export function configuredSenders({ pagerduty, slack, email }: ChannelsConfig): Sender[] {
  return [
    ...(pagerduty ? [pagerdutySender(pagerduty)] : []),
    ...(slack ? [slackSender(slack)] : []),
    ...(email ? [emailSender(email)] : []),
  ];
}
