import type { Command } from 'commander';
import type { Condition } from '../../domain/eligibility.js';
import type { VersionName } from '../../domain/ids.js';
import type { Stage } from '../../domain/progress.js';
import type { Refusal } from '../../domain/refusal.js';
import { readConfig } from '../../platform/config.js';
import { readCheck, type Check } from '../../platform/read/check.js';
import { Refused, type Outcome } from '../output.js';
import { findVersion, modelName, openRecord, versionName } from '../record.js';
import { brief, lasting, table, when } from '../table.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
  readonly version: string;
}

const MINUTE_MS = 60_000;
const FOUND_LENGTH = 90;

/** Adds `check`: every condition for production, who can meet it, and the earliest possible moment. */
export function checkCommand(program: Command): void {
  verb(
    program,
    'check',
    'show every condition for production: what is met, who can meet the rest, and when at the earliest',
    check,
  )
    .requiredOption('--model-name <M>', 'the model')
    .requiredOption('--version <V>', 'the version')
    .addHelpText('after', '\nExits with 0 when the version is eligible, with 3 when it is not.')
    .addHelpText('after', '\nExample:\n  gatehouse check --model-name alzheimer_classifier --version 1.2.0');
}

async function check(options: Options): Promise<Outcome> {
  const of = { model: modelName(options.modelName), version: versionName(options.version) };
  const record = await openRecord(readConfig());
  try {
    await findVersion(record.db, of);
    const found = await readCheck(record.db, of);
    if (!found)
      throw new Refused({
        kind: 'rule',
        what: `no policy on the record for ${of.model}`,
        next: 'gatehouse policy register FILE',
      });
    const outcome = { document: found, text: textOf(found) };
    return found.eligible ? outcome : { ...outcome, refusal: refusalOf(found) };
  } finally {
    await record.close();
  }
}

function textOf(found: Check): string {
  const { conditions, stage } = found;
  const rows = conditions.map((condition) => [condition.id, condition.verdict, brief(foundOf(condition), FOUND_LENGTH)]);
  const needed = stage === 'staging' || stage === 'registered' ? conditions.filter(isUnmet).map(({ id, who }) => [id, who]) : [];
  const parts = [headline(found), table(['CONDITION', 'VERDICT', 'FOUND'], rows)];
  return [...parts, ...(needed.length === 0 ? [] : [table(['STILL NEEDED', 'FROM'], needed)])].join('\n\n');
}

function headline({ model, version, stage, eligible, earliest, asOf, conditions }: Check): string {
  const name = `${model} ${version}`;
  if (stage === 'production') return `${name} is in production.`;
  if (eligible) return `${name} is eligible for production.`;
  if (stage === 'registered') return `${name} is registered; nobody has asked for a promotion yet.`;
  if (earliest === null) return `${name} is ${stage}, not eligible for production.`;
  const aheadMs = Date.parse(earliest) - Date.parse(asOf);
  const moment = aheadMs <= 0 ? 'now' : `${when(earliest)}, in ${lasting(Math.ceil(aheadMs / MINUTE_MS) * MINUTE_MS)}`;
  const gates = conditions.some((each) => each.kind === 'gate' && isUnmet(each)) ? ['every gate approves'] : [];
  const soak = aheadMs <= 0 ? [] : ['staging stays healthy'];
  const provided = [...gates, ...soak].join(' and ');
  return `${name} is in staging and not eligible yet: at the earliest ${moment}${provided && `, if ${provided}`}.`;
}

function isUnmet({ verdict }: Condition): boolean {
  return verdict !== 'pass' && verdict !== 'skipped';
}

/** What was found of a condition: why it is not met, or else its figures beside their limits; `--json` has all of it. */
function foundOf({ kind, verdict, measured, limit }: Condition): string {
  const [figures = '', ...reasons] = (measured ?? '').split('; ');
  if (kind === 'check' && verdict !== 'pass') return reasons.join('; ') || figures;
  const measuredOf = partsOf(figures);
  const limited = [...partsOf(limit ?? '')].filter(([name]) => measuredOf.has(name));
  if (kind === 'check' && limited.length > 0) {
    const beside = limited.map(([name, asked]) => [name, measuredOf.get(name), asked] as const);
    return beside.map(([name, is, asked]) => (is === asked ? `${name} ${is}` : `${name} ${is} (${asked})`)).join(', ');
  }
  const asked = kind !== 'check' && verdict === 'pending' && limit ? ` (${limit})` : '';
  return readable([figures, ...reasons].join('; ') + asked);
}

/** The figures of a list such as `accuracy 0.94, roc_auc 0.98`, by name. */
function partsOf(list: string): Map<string, string> {
  return new Map(list.split(', ').map((part) => [part.split(' ', 1)[0] ?? '', part.slice(part.indexOf(' ') + 1)]));
}

/** On the record the soak is in milliseconds, and times are to the millisecond. */
function readable(text: string): string {
  const inDays = text.replace(/\b(\d+) ms\b/g, (_, ms: string) => lasting(Number(ms)));
  return inDays.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) => when(iso));
}

function refusalOf({ model, version, stage, conditions }: Check): Refusal {
  const unmet = conditions.filter(isUnmet);
  const failed = unmet.filter(({ kind, verdict }) => kind !== 'soak' && verdict !== 'pending');
  const named = (failed.length > 0 ? failed : unmet).map(({ id, kind }) => (kind === 'gate' ? `gate ${id}` : id));
  const why = `${failed.length > 0 ? 'failed' : 'missing'}: ${named.join(', ') || 'an attempt that is still open'}`;
  const next = nextOf(stage, unmet, { model, version });
  return { kind: 'rule', what: `${model} ${version} is ${stage}, not eligible for production; ${why}`, next };
}

function nextOf(stage: Stage, unmet: readonly Condition[], { model, version }: VersionName): string {
  if (stage === 'staging')
    return unmet.some(({ kind }) => kind === 'gate') ? 'gatehouse pending' : 'wait, and see gatehouse status';
  if (stage === 'validating') return 'wait for the checks';
  if (stage === 'archived' || stage === 'deleted') return 'see gatehouse status';
  return `gatehouse promote --model-name ${model} --version ${version} --from-stage ${stage} --to-stage staging --approver E`;
}
