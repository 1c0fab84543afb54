import type { Policy } from './policy.js';
import { FIRST_RIGHTS } from './rights.js';
import { FIRST_WATCH } from './watch-policy.js';

/** The sections that policies did not always have, as they hold where one says nothing of them. */
export const LATER_SECTIONS = {
  rights: FIRST_RIGHTS,
  freeze: { zone: 'UTC', windows: [] },
  ...FIRST_WATCH,
} as const satisfies Partial<Policy>;

/** The effective policy whose canonical JSON is on the record, with the sections that came after it was registered. */
export function recordedPolicy(effective: string): Policy {
  const recorded = JSON.parse(effective) as Policy;
  return { ...LATER_SECTIONS, ...recorded, rights: { ...LATER_SECTIONS.rights, ...recorded.rights } };
}
