/** The terminal sends Ctrl-C to npm as well, which passes it on: two signals for one key. */
const SAME_KEY_MS = 300;

/** The first Ctrl-C (or SIGTERM, or SIGHUP) tells to stop, the second to be quick about it; says which it was. */
export function stopSignals(say: (line: string) => void): { readonly told: AbortSignal; readonly hurry: AbortSignal } {
  const told = new AbortController();
  const hurry = new AbortController();
  let last = -Infinity;
  const onSignal = (): void => {
    const isSameKey = performance.now() - last < SAME_KEY_MS;
    last = performance.now();
    if (isSameKey || hurry.signal.aborted) return;
    say(told.signal.aborted ? 'stopping at once; the next start repairs what that leaves' : 'stopping; once more stops at once');
    (told.signal.aborted ? hurry : told).abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return { told: told.signal, hurry: hurry.signal };
}
