import { Refused } from './output.js';

const LENGTH = { least: 10, most: 2_000 } as const;

/** The reason of an act; throws a Refused (2) when it is not 10–2,000 characters. */
export function reasonFor(given: string): string {
  if (given.trim().length >= LENGTH.least && given.length <= LENGTH.most) return given;
  throw new Refused({
    kind: 'usage',
    what: '--reason',
    given: given === '' ? 'none' : `${given.trim().length} characters`,
    allowed: '10–2,000 characters',
    next: 'say why; it is signed and stays on the record',
  });
}
