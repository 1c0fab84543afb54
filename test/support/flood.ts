import { randomBytes } from 'node:crypto';
import { Connection, Client } from '@temporalio/client';
import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import type { RunningStack } from './stack.js';

/** What a flood is made of: each kind gets its share of the messages. */
export const SIGNALS = ['forged', 'unreadable', 'nudge', 'unknown name', 'large'] as const;
export type SignalKind = (typeof SIGNALS)[number];

/** What came of a flood. */
export interface Flooded {
  readonly sent: number;
  /** What the server itself turned away, by its words. */
  readonly turnedAway: Readonly<Record<string, number>>;
  readonly tookMs: number;
}

/** One more envelope that nobody signed: somebody's real one with another nonce under the same signature. */
export function forgedFrom(envelope: string, size = 0): string {
  const [header = '', payload = '', signature = ''] = envelope.split('.');
  const fields = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, JsonValue>;
  const comment = 'x'.repeat(size);
  const made = canonicalJson({ ...fields, nonce: randomBytes(16).toString('base64url'), ...(size > 0 && { comment }) });
  return [header, Buffer.from(made).toString('base64url'), signature].join('.');
}

/** Sends messages from several clients at once; what the server turns away is counted and not tried again. */
export async function flood(
  stack: RunningStack,
  { count, clients, send }: { count: number; clients: number; send: (client: Client, at: number) => Promise<unknown> },
): Promise<Flooded> {
  const turnedAway: Record<string, number> = {};
  let next = 0;
  let sent = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const connection = await Connection.connect({ address: stack.connection.temporal.address });
      const client = new Client({ connection });
      while (next < count) {
        const at = next++;
        await send(client, at).then(
          () => (sent += 1),
          (error: unknown) => {
            const { cause, message } = error as Error;
            const why = (cause instanceof Error ? cause.message : message).slice(0, 100);
            turnedAway[why] = (turnedAway[why] ?? 0) + 1;
          },
        );
      }
      await connection.close();
    }),
  );
  return { sent, turnedAway, tookMs: performance.now() - started };
}

/** Sends the `at`-th junk signal of a mixed flood to a run. */
export function junkSignal(workflowId: string, envelope: string, kinds: readonly SignalKind[] = SIGNALS) {
  return (client: Client, at: number): Promise<void> => {
    const run = client.workflow.getHandle(workflowId);
    switch (kinds[at % kinds.length]) {
      case 'forged':
        return run.signal('decide', { envelope: forgedFrom(envelope) });
      case 'large':
        return run.signal('decide', { envelope: 'x'.repeat(60 * 1024) });
      case 'nudge':
        return run.signal('recordChanged');
      case 'unknown name':
        return run.signal('approved', { gate: 'security', at });
      default:
        return run.signal('decide', { junk: at });
    }
  };
}

/** Sends the `at`-th junk update of a mixed flood to a run: every second one can be read and is forged. */
export function junkUpdate(workflowId: string, envelope: string) {
  return (client: Client, at: number): Promise<unknown> => {
    const args = at % 2 === 0 ? { envelope: 'nonsense' } : { envelope: forgedFrom(envelope) };
    return client.connection.withDeadline(Date.now() + 30_000, () =>
      client.workflow.getHandle(workflowId).executeUpdate('decide', { args: [args] }),
    );
  };
}
