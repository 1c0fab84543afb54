import { describe, expect, it } from 'vitest';
import { channelsOf, channelsOwed } from '../../domain/routing.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';

const { routing } = FIRST_WATCH;
const page = (action: 'trigger' | 'acknowledge' | 'resolve') => ({ action, incident: 'incident/1' });

describe('guidelines, Alert Channels', () => {
  it.each([
    ['**Critical**: PagerDuty + Slack + Email', 'critical', ['pagerduty', 'slack', 'email']],
    ['**Warning**: Slack + Email', 'warning', ['slack', 'email']],
    ['**Info**: Slack channel only', 'info', ['slack']],
  ] as const)('%s', (_quoted, severity, channels) => {
    expect(channelsOf({ severity }, routing)).toEqual(channels);
  });

  it('news for those it names goes where they are reached', () => {
    expect(channelsOf({}, routing)).toEqual(['slack', 'email']);
  });
});

describe('a page', () => {
  it.each(['resolve', 'acknowledge'] as const)('its %s goes where it went, though the news is good', (action) => {
    expect(channelsOf({ severity: 'info', page: page(action) }, routing)).toEqual(['slack', 'pagerduty']);
  });

  it('is not begun by what is no reason to page, nor ended where nobody is paged', () => {
    expect(channelsOf({ severity: 'warning', page: page('trigger') }, routing)).toEqual(['slack', 'email']);
    const unpaged = { ...routing, critical: ['email'] as const };
    expect(channelsOf({ severity: 'info', page: page('resolve') }, unpaged)).toEqual(['slack']);
  });

  it('goes to each channel once', () => {
    expect(channelsOf({ severity: 'critical', page: page('resolve') }, routing)).toEqual(['pagerduty', 'slack', 'email']);
  });
});

it('everything goes into the file, and what is of before there were channels goes nowhere else', () => {
  expect(channelsOwed(['slack'])).toEqual(['file', 'slack']);
  expect(channelsOwed([])).toEqual(['file']);
  expect(channelsOwed(null)).toEqual(['file']);
});
