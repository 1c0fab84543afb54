import { SEMVER } from './ids.js';

/** One part of what `model.yaml` declares under `checklist`. */
export interface Declared {
  readonly [what: string]: string | number | boolean | readonly string[];
}

/** The least number of characters in which it can be said why something is not applicable. */
export const REASON_MIN_CHARACTERS = 10;

const PLACEHOLDER =
  /^[^\p{L}\p{N}]*(tbd|tba|todo|fixme|none|null|nobody|no ?one|n\/?a|unknown|pending|later|yes|no|true|false|x+)?[^\p{L}\p{N}]*$/iu;

/** Whether a text says something: neither empty nor one of the words that stand where something is still to come. */
export function saysSomething(text: unknown): text is string {
  return typeof text === 'string' && !PLACEHOLDER.test(text.trim());
}

/** What keeps an A/B result from being there: figures, or the reason for which it is not applicable (rules §2). */
export function abTestGaps(declared: Declared | undefined): string[] {
  if (!declared) return ['no A/B result is declared: give its figures, or not_applicable with the reason'];
  const figures = Object.values(declared).filter((value) => typeof value === 'number');
  const reason = declared['not_applicable'];
  if (reason === undefined) {
    return figures.length > 0 ? [] : ['the A/B result has no figure, and is not declared not_applicable with the reason'];
  }
  if (figures.length > 0) return ['the A/B result has figures and is declared not_applicable'];
  return saysSomething(reason) && reason.trim().length >= REASON_MIN_CHARACTERS
    ? []
    : [`the A/B result is declared not_applicable without a reason of at least ${REASON_MIN_CHARACTERS} characters`];
}

/** What keeps the monitoring from being configured: its source, what is compared with what, and who verified it. */
export function monitoringGaps(declared: Declared | undefined, source: string): string[] {
  if (!declared) return ['no monitoring is declared'];
  const gaps = missing('monitoring', declared, {
    source: 'names no source',
    baseline: 'does not say what live figures are compared with (baseline)',
    drift: 'does not say what live inputs are compared with (drift)',
    verified_by: 'names nobody who verified it (verified_by)',
  });
  const given = declared['source'];
  if (given === undefined || given === source) return gaps;
  return [...gaps, `the monitoring's source is ${String(given)}, the policy's watch reads ${source}`];
}

/** What keeps the rollback plan from being verified on paper: where to, how, and who verified it. `target` is what it leads to today. */
export function rollbackPlanGaps(declared: Declared | undefined, target: string | null): string[] {
  if (!declared) return ['no rollback plan is declared'];
  const gaps = missing('rollback plan', declared, {
    to: 'does not say to which version (to)',
    steps: 'names no steps',
    verified_by: 'names nobody who verified it (verified_by)',
  });
  const to = declared['to'];
  if (typeof to !== 'string' || !SEMVER.test(to.trim()) || to.trim() === target) return gaps;
  const today = target === null ? 'there is no version in production to go back to' : `a rollback today goes to ${target}`;
  return [...gaps, `the rollback plan goes to ${to.trim()}, but ${today}`];
}

function missing(what: string, declared: Declared, asked: Readonly<Record<string, string>>): string[] {
  return Object.entries(asked).flatMap(([key, gap]) => {
    const value = declared[key];
    const isThere = Array.isArray(value) ? value.some(saysSomething) : saysSomething(value);
    return isThere ? [] : [`the ${what} ${gap}`];
  });
}

/** What a document must say to be the documentation of a version. */
export interface Documented {
  readonly model: string;
  readonly version: string;
  readonly minCharacters: number;
}

/** How many characters of a text are more than white space. */
export function charactersOf(text: string): number {
  return text.match(/\S/gu)?.length ?? 0;
}

/** What keeps a text from being the documentation of a version: too few characters (white space not counted), model or version not named. */
export function documentationGaps(text: string, { model, version, minCharacters }: Documented): string[] {
  const characters = charactersOf(text);
  if (characters === 0) return ['is empty'];
  return [
    ...(characters < minCharacters ? [`has ${characters} characters, at least ${minCharacters} are asked for`] : []),
    ...(names(text, model) ? [] : [`does not name the model ${model}`]),
    ...(names(text, version, 'v?') ? [] : [`does not name the version ${version}`]),
  ];
}

/** Whether a word stands by itself: 1.2.0 is not named by 11.2.0, 1.2.0-rc.1 or 1.2.0.4. */
function names(text: string, word: string, before = ''): boolean {
  // Markdown may be written with a backslash before what could be read as its own signs.
  const plain = text.replace(/\\(?=[^\w\s])|\\(?=_)/g, '');
  const quoted = word.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\w.+-])${before}${quoted}(?![\w+-]|\.\w)`, 'u').test(plain);
}
