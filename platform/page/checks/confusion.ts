import type { Finding } from '../../../domain/checks.js';
import type { Confusion } from '../../../domain/metrics.js';
import { numberIn, own } from '../figures.js';
import { html, type Child, type Html } from '../html.js';
import { table, type Heading } from '../table.js';
import { percentText } from '../titles.js';

/** The figures a confusion matrix shows in full. */
export const CONFUSION_NAMES = ['true_positives', 'false_positives', 'true_negatives', 'false_negatives'] as const;

/** The counts of a confusion matrix among a finding's figures; undefined unless all four are there. */
export function confusionIn(measured: Finding['measured']): Confusion | undefined {
  const [truePositives, falsePositives, trueNegatives, falseNegatives] = CONFUSION_NAMES.map((name) =>
    numberIn(own(measured, name)),
  );
  if (truePositives === undefined || falsePositives === undefined) return undefined;
  if (trueNegatives === undefined || falseNegatives === undefined) return undefined;
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

/** How often each class was called what, as counts and as shares of the rows that really are of that class. */
export function confusionTable({ truePositives, falsePositives, trueNegatives, falseNegatives }: Confusion): Html {
  const headings: Heading[] = [
    '',
    ...['called positive', 'called negative', 'rows'].map((text) => ({ text, number: true as const })),
  ];
  const row = (name: string, first: [Child, number], second: [Child, number]): Child[] => {
    const all = first[1] + second[1];
    return [name, cell(...first, all), cell(...second, all), String(all)];
  };
  return table('Confusion matrix: counts, and shares of each class', headings, [
    row('really positive', ['true positives', truePositives], ['false negatives', falseNegatives]),
    row('really negative', ['false positives', falsePositives], ['true negatives', trueNegatives]),
  ]);
}

function cell(name: Child, count: number, all: number): Html {
  const share = all === 0 ? '–' : percentText(count / all);
  return html`<strong>${count}</strong> (${share})<br /><span class="quiet">${name}</span>`;
}
