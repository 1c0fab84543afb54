import type { Command } from 'commander';
import { formatDuration, parseDuration, suggestDuration } from '../../domain/quantity.js';
import { readConfig } from '../../platform/config.js';
import { Refused, type Outcome } from '../output.js';
import { recordAway, shown } from '../record.js';
import { verb } from '../verb.js';

const MOST_MS = 3_650 * 86_400_000;
const EXAMPLE = `
Example:
  gatehouse clock advance 7d`;

/** Adds `clock advance`: lets time pass, for trials and demonstrations. */
export function clockCommand(program: Command): void {
  const clock = program.command('clock').description('the clock that decides');
  verb(
    clock,
    'advance <duration>',
    'let this much time pass at once; refused where the environment is production',
    advance,
  ).addHelpText('after', EXAMPLE);
}

async function advance(_options: object, written: string): Promise<Outcome> {
  const byMs = durationOf(written);
  const config = readConfig(process.env, ['ownerUrl']);
  const { connect } = await import('../promotions.js');
  const { advanceClock, ClockRefused } = await import('../../platform/clock.js');
  // First the way to the runs: time that passed and that no run heard of would help nobody.
  const promotions = await connect(config);
  try {
    const moved = await advanceClock(config.ownerUrl, byMs).catch((error: unknown) => {
      throw new Refused(
        error instanceof ClockRefused ? error.refusal : recordAway(config.ownerUrl, error, 'GATEHOUSE_OWNER_URL'),
      );
    });
    const unheard: string[] = [];
    for (const promotionId of moved.open) {
      await promotions.nudge(promotionId).catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        unheard.push(promotionId);
      });
    }
    const { now, offsetMs, windows } = moved;
    const text = [
      `it is ${now} now, ${formatDuration(offsetMs)} ahead of the database's own clock`,
      `soaking versions that count the time as healthy (simulated): ${windows}; runs told: ${moved.open.length - unheard.length}`,
      ...unheard.map((promotionId) => `no run of ${promotionId} is alive; it is started again within half a minute`),
    ];
    return { document: { ok: true, now, offsetMs, windows, told: moved.open.length - unheard.length }, text: text.join('\n') };
  } finally {
    await promotions.close();
  }
}

function durationOf(written: string): number {
  const byMs = parseDuration(written);
  if (byMs !== undefined && byMs > 0 && byMs <= MOST_MS) return byMs;
  const meant = byMs === undefined ? suggestDuration(written, 'd') : undefined;
  const next = meant === undefined ? 'write it as 7d, 36h or 7d12h' : `did you mean ${meant}?`;
  throw new Refused({
    kind: 'usage',
    what: 'how long',
    given: shown(written),
    allowed: `more than 0, at most ${formatDuration(MOST_MS)}`,
    next,
  });
}
