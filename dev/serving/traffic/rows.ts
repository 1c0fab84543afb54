import { parse } from 'csv-parse/sync';

/** One row to be asked about, and what the answer should be. */
export interface TrafficRow {
  readonly features: Readonly<Record<string, number>>;
  readonly truth: 0 | 1;
}

/** The rows of a CSV file with a header, whose column `label` has 0 or 1; throws an Error that names the first row that has not. */
export function trafficRows(csv: string, label: string): TrafficRow[] {
  const records = parse(csv, { columns: true, skip_empty_lines: true }) as Record<string, string>[];
  if (records.length === 0) throw new Error('it has no rows');
  return records.map((record, i) => {
    const { [label]: truth, ...others } = record;
    if (truth !== '0' && truth !== '1') throw new Error(`row ${i + 1}: ${label} is neither 0 nor 1`);
    const features = Object.fromEntries(Object.entries(others).map(([name, value]) => [name, Number(value)]));
    return { features, truth: truth === '1' ? 1 : 0 };
  });
}
