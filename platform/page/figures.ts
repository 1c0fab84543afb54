import type { Finding } from '../../domain/checks.js';
import type { Interval } from '../../domain/metrics.js';

/** One figure of a finding as the record has it; null where nothing was measured, or nothing is asked. */
export interface Figure {
  readonly name: string;
  readonly measured: string | null;
  readonly limit: string | null;
}

/** The figures that belong to one value of a column, or to one column. */
export interface Group {
  readonly title: string;
  readonly figures: readonly Figure[];
}

/** The figures of a finding, sorted out by what they are about. */
export interface Figures {
  /** About the whole; those with a limit first. */
  readonly whole: readonly Figure[];
  /** About one column: `column age`. */
  readonly columns: readonly Figure[];
  /** About the rows in which a column has one value: `male=1 accuracy`. */
  readonly slices: readonly Group[];
}

const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[+-]?\d+)?`;
const A_NUMBER = new RegExp(`^${NUMBER}$`);
const AN_INTERVAL = new RegExp(`^(${NUMBER}) to (${NUMBER})$`);
const A_LIMIT = new RegExp(`^(<=|>=|<|>) (${NUMBER})(?![\\d.])`);
const COLUMN = /^column (.+)$/s;
const SLICE = /^(.+=\S+) (\w+)$/s;
const inNumbers = new Intl.Collator('en', { numeric: true });

/** Every figure of a finding, each in one place. */
export function figuresOf({ measured, limit }: Pick<Finding, 'measured' | 'limit'>): Figures {
  const names = [...new Set([...Object.keys(limit), ...Object.keys(measured)])];
  const all = names.map((name): Figure => ({ name, measured: own(measured, name), limit: own(limit, name) }));
  const isWhole = ({ name }: Figure): boolean => !COLUMN.test(name) && !SLICE.test(name);
  return {
    whole: all.filter(isWhole),
    columns: all.flatMap((figure) => {
      const column = COLUMN.exec(figure.name)?.[1];
      return column === undefined ? [] : [{ ...figure, name: column }];
    }),
    slices: slicesOf(all.filter((figure) => !isWhole(figure) && !COLUMN.test(figure.name))),
  };
}

/** A figure as a number; undefined where the text is none. */
export function numberIn(text: string | null | undefined): number | undefined {
  return text !== undefined && text !== null && A_NUMBER.test(text) ? Number(text) : undefined;
}

/** An interval such as `0.93 to 0.96`; undefined where the text is none. */
export function intervalIn(text: string | null | undefined): Interval | undefined {
  const [, low, high] = AN_INTERVAL.exec(text ?? '') ?? [];
  return low === undefined || high === undefined ? undefined : { low: Number(low), high: Number(high) };
}

/** The bound with which a limit begins, such as `>= 0.85 at the lower end …`; undefined where it begins otherwise. */
export function boundIn(text: string | null | undefined): { readonly sign: string; readonly bound: number } | undefined {
  const [, sign, bound] = A_LIMIT.exec(text ?? '') ?? [];
  return sign === undefined || bound === undefined ? undefined : { sign, bound: Number(bound) };
}

/** One text of a finding by its name; null where there is none. */
export function own(texts: Readonly<Record<string, string>>, name: string): string | null {
  return Object.hasOwn(texts, name) ? (texts[name] ?? null) : null;
}

function slicesOf(figures: readonly Figure[]): Group[] {
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) {
    const [, title = '', name = ''] = SLICE.exec(figure.name) ?? [];
    groups.set(title, [...(groups.get(title) ?? []), { ...figure, name }]);
  }
  return [...groups]
    .map(([title, its]) => ({ title, figures: its }))
    .sort((one, other) => inNumbers.compare(one.title, other.title));
}
