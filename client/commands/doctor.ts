import type { Command } from 'commander';
import { notLookedAt, type Check } from '../../platform/doctor/check.js';
import { configuration, nodeCheck, type Told } from '../doctor/here.js';
import type { Outcome } from '../output.js';
import { mark, toned, type Tone } from '../show/marks.js';
import { table } from '../table.js';
import { terminalOf, type Canvas } from '../terminal.js';
import { verb } from '../verb.js';

const NOWHERE = 'the configuration names none';

/** Adds `doctor`: looks at everything Gatehouse stands on, also where nothing runs. */
export function doctorCommand(program: Command): void {
  verb(
    program,
    'doctor',
    'look at everything Gatehouse stands on, and say what is wrong with it and how to mend it; changes nothing',
    doctor,
  ).addHelpText('after', '\nExample:\n  gatehouse doctor');
}

async function doctor(): Promise<Outcome> {
  const told = configuration();
  const { keysCheck, storeCheck } = await import('../../platform/doctor/files.js');
  const { channelsCheck } = await import('../doctor/channels.js');
  const { store } = told.files;
  const stored = told.config ? storeCheck(store) : notLookedAt('store', '-', NOWHERE);
  const checks = [told.check, nodeCheck(), ...(await servers(told)), stored, await keysCheck(told.files), channelsCheck()];
  const wrong = checks.filter(({ ok }) => ok === false);
  const document = { ok: wrong.length === 0, checks };
  const text = checksText(checks, terminalOf());
  const [first] = wrong;
  if (!first) return { document, text };
  const what = `wrong: ${wrong.map(({ id }) => id).join(', ')}`;
  return { document, text, refusal: { kind: 'away', what, ...(first.next !== null && { next: first.next }) } };
}

/** Record and Temporal, asked at the same time: each may take its time to not answer. */
async function servers({ config, workerUrl }: Told): Promise<Check[]> {
  if (!config) return ['postgres', 'temporal'].map((id) => notLookedAt(id, '-', NOWHERE));
  const { readerChecks, workerChecks } = await import('../doctor/record.js');
  const { temporalChecks } = await import('../doctor/temporal.js');
  const found = await Promise.all([readerChecks(config.readUrl), workerChecks(workerUrl), temporalChecks(config.temporal)]);
  return found.flat();
}

function checksText(checks: readonly Check[], on: Canvas): string {
  const rows = checks.map(({ id, ok, found, wants, next }) => {
    const [word, tone]: [string, Tone] = ok === null ? ['unknown', 'unknown'] : ok ? ['ok', 'good'] : ['wrong', 'bad'];
    const told = ok === false ? [found, `wants: ${wants}`, next === null ? '' : `next: ${next}`] : [found];
    return [id, { text: mark(word, tone, on), paint: toned(tone, on) }, told];
  });
  return table(['CHECK', '', 'FOUND'], rows, on);
}
