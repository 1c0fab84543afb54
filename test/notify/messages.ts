import type { Message } from '../../platform/message/message.js';

/** A message as an incident makes it, with fields changed for the test. */
export function message(change: Partial<Message> = {}): Message {
  return {
    key: 'incident/7/opened',
    kind: 'incident',
    subject: 'incident/7',
    model: 'alzheimer_classifier',
    version: '1.4.0',
    audience: ['stakeholders', 'on_call'],
    title: 'alzheimer_classifier 1.4.0: error rate 3.1 % is above 2 %',
    body: 'Over 812 predictions of the last 15 minutes.\nIt began at 2026-11-28T12:00:00Z.',
    severity: 'critical',
    page: { action: 'trigger', incident: 'incident/7' },
    at: '2026-11-28T12:15:00.000Z',
    facts: [
      { name: 'Model', value: 'alzheimer_classifier' },
      { name: 'On call', value: '+1-555-ML-ALERT' },
    ],
    links: [{ name: 'Watch in Temporal', url: 'https://temporal.example.org/namespaces/default/workflows?query=a%20b&x=1' }],
    to: { emails: ['ds-team@example.org', 'mlops@example.org'], slack: null, onCall: '+1-555-ML-ALERT' },
    ...change,
  };
}

/** What people write into comments and reasons to be obeyed by whatever shows them (promises, S13). */
export const NASTY =
  'a\r\nBcc: all@example.org <!channel> <@U1> <https://evil.example|here> & <script>alert(1)</script> \u001b[31mred \u202Egnirts';

export const LONG = `${'<&>'.repeat(3_000)}${'😀'.repeat(500)}`;
