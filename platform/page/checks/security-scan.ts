import { SEVERITIES } from '../../../domain/scan.js';
import { own } from '../figures.js';
import { NOTHING } from '../html.js';
import { table } from '../table.js';
import type { Draw } from './drawn.js';

/** How many findings of each severity a scan has. */
export const drawSecurityScan: Draw = ({ measured }) => {
  const counts = SEVERITIES.map((severity) => own(measured, severity));
  if (counts.every((count) => count === null)) return { markup: NOTHING, shown: [] };
  const headings = ['', ...SEVERITIES.map((text) => ({ text, number: true as const }))];
  return { markup: table('Findings of the scan by severity', headings, [['findings', ...counts]]), shown: SEVERITIES };
};
