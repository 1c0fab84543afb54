import { appendFileSync } from 'node:fs';

/** What a sink has taken, as one line of JSON with the time; for the data directory's user alone. */
export function keepIn(path: string): (taken: object) => void {
  return (taken) => appendFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), ...taken })}\n`, { mode: 0o600 });
}
