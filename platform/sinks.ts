type Env = Readonly<Record<string, string | undefined>>;

/** The peers of the embedded stack that take messages: where they listen, and the files they keep them in. */
export interface SinkPlaces {
  readonly mail: string;
  readonly slack: string;
  readonly pagerduty: string;
  readonly smtpUrl: string;
  readonly slackUrl: string;
  readonly pagerdutyUrl: string;
}

const TRIAL = { from: 'gatehouse@duetmind.example', channel: '#ml-alerts', secret: 'embedded-stack' };

/** An environment in which the sinks take what nobody has set another way for. */
export function withSinks<E extends Env>(env: E, sinks: Partial<SinkPlaces>): E & Env {
  const isSet = (name: string) => Boolean(env[name] || env[`${name}_FILE`]);
  return {
    ...env,
    ...(sinks.smtpUrl &&
      !isSet('GATEHOUSE_SMTP_URL') && {
        GATEHOUSE_SMTP_URL: sinks.smtpUrl,
        GATEHOUSE_MAIL_FROM: env['GATEHOUSE_MAIL_FROM'] || TRIAL.from,
      }),
    ...(sinks.slackUrl &&
      !isSet('GATEHOUSE_SLACK_TOKEN') && {
        GATEHOUSE_SLACK_TOKEN: TRIAL.secret,
        GATEHOUSE_SLACK_URL: sinks.slackUrl,
        GATEHOUSE_SLACK_CHANNEL: env['GATEHOUSE_SLACK_CHANNEL'] || TRIAL.channel,
      }),
    ...(sinks.pagerdutyUrl &&
      !isSet('GATEHOUSE_PAGERDUTY_KEY') && {
        GATEHOUSE_PAGERDUTY_KEY: TRIAL.secret,
        GATEHOUSE_PAGERDUTY_URL: sinks.pagerdutyUrl,
      }),
  };
}
