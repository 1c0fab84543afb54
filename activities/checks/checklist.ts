import {
  abTestGaps,
  charactersOf,
  documentationGaps,
  monitoringGaps,
  rollbackPlanGaps,
  saysSomething,
  type Declared,
} from '../../domain/checklist.js';
import { found, type Check, type CheckContext } from './check.js';
import { readDocumentation } from './documentation.js';
import { triedTarget } from './rollback-target.js';

const NAME = 'checklist';

/**
 * Passes when documentation, monitoring and rollback plan are there and verified, and an A/B result is there or declared not
 * applicable with the reason (rules §2). The version a rollback would choose today is looked at and loaded, not taken on trust.
 */
export const checklist: Check = {
  name: NAME,
  needs: 'production',
  async run(context) {
    const { subject, policy, production } = context;
    const { ab_test, monitoring, rollback_plan } = subject.modelFile.checklist;
    const documented = await documentation(context);
    const target = await triedTarget(context);
    const reasons = [
      ...documented.gaps,
      ...abTestGaps(ab_test),
      ...monitoringGaps(monitoring, policy.watch.source),
      ...rollbackPlanGaps(rollback_plan, production?.version ?? null),
      ...target.gaps,
    ];
    return found(NAME, reasons, {
      measured: {
        documentation: documented.measured,
        ab_test: abTestText(ab_test),
        monitoring: verifiedText(monitoring, ['source', 'baseline', 'drift']),
        rollback_plan: verifiedText(rollback_plan, ['to', 'steps']),
        rollback_target: target.measured,
      },
      limit: {
        documentation: `>= ${policy.checklist.documentation.min_characters} characters, naming model and version`,
        monitoring: `source ${policy.watch.source}`,
      },
      source: `model.yaml and the documentation of package ${subject.artifactDigest}; ${target.source}`,
    });
  },
};

interface Documented {
  readonly measured: string;
  readonly gaps: readonly string[];
}

async function documentation(context: CheckContext): Promise<Documented> {
  const { subject, policy } = context;
  const paths = subject.modelFile.artifacts.filter(({ role }) => role === 'documentation').map(({ path }) => path);
  if (paths.length === 0) return { measured: 'none', gaps: ['no artifact has the role documentation'] };
  const asked = {
    model: subject.model,
    version: subject.version,
    minCharacters: policy.checklist.documentation.min_characters,
  };
  const documents = [];
  for (const path of paths) {
    const read = await readDocumentation(context, path);
    const gaps = 'damage' in read ? [read.damage] : documentationGaps(read.text, asked);
    const characters = 'damage' in read ? '' : `, ${charactersOf(read.text)} characters`;
    documents.push({ measured: `${path}${characters}`, gaps: gaps.map((gap) => `${path} ${gap}`) });
  }
  // One document that says it all is enough; a licence beside it need not.
  const isThere = documents.some(({ gaps }) => gaps.length === 0);
  return {
    measured: documents.map(({ measured }) => measured).join('; '),
    gaps: isThere ? [] : documents.flatMap(({ gaps }) => gaps),
  };
}

function abTestText(declared: Declared | undefined): string {
  if (!declared) return 'not declared';
  const reason = declared['not_applicable'];
  if (saysSomething(reason)) return `not applicable: ${reason}`;
  return Object.entries(declared)
    .map(([what, value]) => `${what} ${String(value)}`)
    .join(', ');
}

function verifiedText(declared: Declared | undefined, parts: readonly string[]): string {
  if (!declared) return 'not declared';
  const said = parts.filter((part) => declared[part] !== undefined).map((part) => `${part}: ${String(declared[part])}`);
  return [...said, `verified by ${String(declared['verified_by'] ?? 'nobody')}`].join('; ');
}
