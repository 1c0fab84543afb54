import { formatApart, formatFigure, type ClassifierFigures } from '../../domain/metrics.js';
import { worseIn, type ComparedFigures } from '../../domain/thresholds.js';
import type { LabelledRows } from '../ports.js';
import { found, type Check, type CheckContext } from './check.js';
import { fedColumns, holdoutOf, readHoldout } from './holdout.js';
import { pickColumns } from './labelled-file.js';
import { measure, sourceText } from './measure.js';
import { ModelRefused } from './model-refused.js';
import type { CheckSubject } from './subject.js';

const NAME = 'not-worse-than-production';
const TITLES = { accuracy: 'accuracy', rocAuc: 'ROC AUC' } as const satisfies Record<keyof ComparedFigures, string>;

/**
 * Passes when the candidate is equal to or better than today's production version in accuracy and in ROC AUC, both run on
 * the candidate's hold-out set now (rules §2). Throws when production cannot be measured on those rows: the rules name no
 * such reason for skipping, so it is an error and never a pass.
 */
export const notWorseThanProduction: Check = {
  name: NAME,
  async run(context) {
    const { subject, production } = context;
    if (!production) {
      return {
        check: NAME,
        verdict: 'skipped',
        measured: {},
        limit: {},
        source: 'the record',
        reason: 'no production version yet',
      };
    }
    const rows = await readHoldout(context);
    const old = await measureProduction(context, production, rows);
    const limit = { accuracy: `>= ${formatFigure(old.accuracy)}`, roc_auc: `>= ${formatFigure(old.rocAuc)}` };
    const source = sourceText(holdoutOf(subject), rows, [subject, production]);
    const compared = {
      production_version: production.version,
      production_accuracy: formatFigure(old.accuracy),
      production_roc_auc: formatFigure(old.rocAuc),
    };
    try {
      const figures = await measure(context, subject, rows);
      const reasons = worseIn(figures, old).map((name) => {
        const [measured, asked] = formatApart(figures[name], old[name]);
        return `${TITLES[name]} ${measured} is below ${asked} of ${production.version}, which is in production`;
      });
      const measured = { accuracy: formatFigure(figures.accuracy), roc_auc: formatFigure(figures.rocAuc), ...compared };
      return found(NAME, reasons, { measured, limit, source });
    } catch (problem) {
      if (problem instanceof ModelRefused) return found(NAME, [problem.message], { measured: compared, limit, source });
      throw problem;
    }
  },
};

async function measureProduction(
  context: CheckContext,
  production: CheckSubject,
  rows: LabelledRows,
): Promise<ClassifierFigures> {
  try {
    return await measure(context, production, pickColumns(rows, fedColumns(context.subject), fedColumns(production)));
  } catch (problem) {
    const reason = problem instanceof Error ? problem.message : String(problem);
    throw new Error(`${production.version}, which is in production, cannot be measured on these rows: ${reason}`, {
      cause: problem,
    });
  }
}
