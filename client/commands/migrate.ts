import type { Command } from 'commander';
import { readConfig } from '../../platform/config.js';
import { Refused, type Outcome } from '../output.js';
import { recordAway } from '../record.js';
import { verb } from '../verb.js';

const EXAMPLE = `
Example:
  GATEHOUSE_OWNER_URL=postgres://owner:secret@db:5432/gatehouse gatehouse migrate`;

/** Adds `migrate`: brings the record's schema up to this release, with the owner's login. */
export function migrateCommand(program: Command): void {
  verb(
    program,
    'migrate',
    "bring the record's schema up to this release (GATEHOUSE_OWNER_URL, or the running stack's owner.json)",
    migrateRecord,
  ).addHelpText('after', EXAMPLE);
}

async function migrateRecord(): Promise<Outcome> {
  const { ownerUrl } = readConfig(process.env, ['ownerUrl']);
  const { migrate } = await import('../../platform/migrate.js');
  const lines: string[] = [];
  const applied = await migrate(ownerUrl, (line) => lines.push(line)).catch((error: unknown) => {
    // What carries no code is about the migrations themselves, not about the server.
    throw (error as { code?: string }).code === undefined
      ? error
      : new Refused(recordAway(ownerUrl, error, 'GATEHOUSE_OWNER_URL'));
  });
  return { document: { ok: true, applied }, text: lines.join('\n') || 'the record is up to date' };
}
