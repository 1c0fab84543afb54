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
  )
    .option('--production', 'make the installation production as well, for good: demo people and a moved clock count for nothing')
    .addHelpText('after', EXAMPLE);
}

async function migrateRecord({ production }: { readonly production?: boolean }): Promise<Outcome> {
  const { ownerUrl } = readConfig(process.env, ['ownerUrl']);
  const { migrate } = await import('../../platform/migrate.js');
  const lines: string[] = [];
  const applied = await migrate(ownerUrl, (line) => lines.push(line)).catch((error: unknown) => {
    // What carries no code is about the migrations themselves, not about the server.
    throw (error as { code?: string }).code === undefined
      ? error
      : new Refused(recordAway(ownerUrl, error, 'GATEHOUSE_OWNER_URL'));
  });
  if (production) lines.push(await toProduction(ownerUrl));
  const environment = production && { environment: 'production' };
  return { document: { ok: true, applied, ...environment }, text: lines.join('\n') || 'the record is up to date' };
}

async function toProduction(ownerUrl: string): Promise<string> {
  const { makeProduction, StaysDevelopment } = await import('../../platform/production.js');
  const isNew = await makeProduction(ownerUrl).catch((error: unknown) => {
    throw new Refused(error instanceof StaysDevelopment ? error.refusal : recordAway(ownerUrl, error, 'GATEHOUSE_OWNER_URL'));
  });
  return isNew
    ? 'the installation is production now, for good; next: gatehouse people enrol --first'
    : 'the installation is production';
}
