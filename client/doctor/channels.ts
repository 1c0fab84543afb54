import { CHANNELS } from '../../domain/notice.js';
import { ConfigError, type Env } from '../../platform/config.js';
import { checked, type Check } from '../../platform/doctor/check.js';
import { channelsHere } from '../notify/channels-here.js';

const VARIABLES = {
  slack: 'GATEHOUSE_SLACK_TOKEN',
  email: 'GATEHOUSE_SMTP_URL',
  pagerduty: 'GATEHOUSE_PAGERDUTY_KEY',
} as const;

/** Which channels are configured here; none has to be, but what is said of one has to be usable. */
export function channelsCheck(env: Env = process.env): Check {
  const wants = 'what a policy routes messages to; nothing but the file of notices is needed';
  try {
    const { channels } = channelsHere(env);
    const found = CHANNELS.map((name) => (channels[name] ? name : `no ${name} (${VARIABLES[name]})`)).join(', ');
    return checked('channels', true, { found, wants, next: null });
  } catch (error) {
    const found = error instanceof ConfigError ? error.problems.join('; ') : (error as Error).message;
    return checked('channels', false, { found, wants, next: 'mend the variables, then gatehouse notify test' });
  }
}
