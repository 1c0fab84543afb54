import type { Finding } from '../../domain/checks.js';
import { curveText, rocCurve } from '../../domain/curves.js';
import { formatApart, formatFigure, type ClassifierFigures } from '../../domain/metrics.js';
import { worseIn, type Differences } from '../../domain/thresholds.js';
import type { LabelledRows } from '../ports.js';
import { found, type Check, type CheckContext } from './check.js';
import { fedColumns, holdoutOf, readHoldout } from './holdout.js';
import { pickColumns } from './labelled-file.js';
import { measure, sourceText, type Measured } from './measure.js';
import { ModelRefused } from './model-refused.js';
import { PAIRED_METHOD, pairedOn, pairedTexts } from './paired.js';
import type { CheckSubject } from './subject.js';

const NAME = 'not-worse-than-production';
const TITLES = { accuracy: 'accuracy', rocAuc: 'ROC AUC' } as const satisfies Record<keyof Differences, string>;

/**
 * Passes when the candidate is in accuracy and in ROC AUC equal to or better than today's production version, less the policy's
 * margin, both run on the candidate's hold-out set now (rules §2). Throws when production cannot be measured on those rows: the
 * rules name no such reason for skipping, so it is an error and never a pass.
 */
export const notWorseThanProduction: Check = {
  name: NAME,
  needs: 'production',
  async run(context) {
    const { subject, production, policy } = context;
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
    const { margin } = policy.performance;
    const rows = await readHoldout(context);
    const old = await measureProduction(context, production, rows);
    const limit = { accuracy: leastText(old.figures.accuracy, margin), roc_auc: leastText(old.figures.rocAuc, margin) };
    const source = `${sourceText(holdoutOf(subject), rows, [subject, production])}; ${PAIRED_METHOD}`;
    const compared = {
      production_version: production.version,
      production_accuracy: formatFigure(old.figures.accuracy),
      production_roc_auc: formatFigure(old.figures.rocAuc),
    };
    try {
      const { figures, predictions } = await measure(context, subject, rows);
      const paired = pairedOn(rows, predictions, old.predictions);
      const reasons = worseIn(paired.differences, margin).map((name) =>
        worseText(name, { candidate: figures, production: old.figures, version: production.version, margin }),
      );
      const own = { accuracy: formatFigure(figures.accuracy), roc_auc: formatFigure(figures.rocAuc) };
      const measured: Finding['measured'] = { ...own, ...compared, ...pairedTexts(paired), rows: String(figures.rows) };
      const roc = curveText(rocCurve(rows.labels, predictions.scores));
      const productionRoc = curveText(rocCurve(rows.labels, old.predictions.scores));
      return found(NAME, reasons, { measured, limit, source, curves: { roc, production_roc: productionRoc } });
    } catch (problem) {
      if (problem instanceof ModelRefused) return found(NAME, [problem.message], { measured: compared, limit, source });
      throw problem;
    }
  },
};

function leastText(figure: number, margin: number): string {
  if (margin === 0) return `>= ${formatFigure(figure)}`;
  return `>= ${formatFigure(figure - margin)} (${formatFigure(figure)} less the margin ${formatFigure(margin)})`;
}

interface Worse {
  readonly candidate: ClassifierFigures;
  readonly production: ClassifierFigures;
  readonly version: string;
  readonly margin: number;
}

function worseText(name: keyof Differences, { candidate, production, version, margin }: Worse): string {
  const [measured, asked] = formatApart(candidate[name], production[name]);
  const which = `${TITLES[name]} ${measured} is below ${asked} of ${version}, which is in production`;
  return margin === 0 ? which : `${which}, by more than ${formatFigure(margin)}`;
}

async function measureProduction(context: CheckContext, production: CheckSubject, rows: LabelledRows): Promise<Measured> {
  try {
    return await measure(context, production, pickColumns(rows, fedColumns(context.subject), fedColumns(production)));
  } catch (problem) {
    const reason = problem instanceof Error ? problem.message : String(problem);
    throw new Error(`${production.version}, which is in production, cannot be measured on these rows: ${reason}`, {
      cause: problem,
    });
  }
}
