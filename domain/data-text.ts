const REPEATED_LENGTH = 40;
const HARMLESS = /^([-+]?(nan|inf(inity)?|[\d_]*(\.\d*)?(e[-+]?\d+)?)|true|false)$/i;

/**
 * A value of a data set as a finding shows it. Findings are kept, sent around and put into histories, so of what people
 * wrote into a data set only numbers, booleans and nothing at all are repeated; a text is described.
 */
export function valueText(text: string): string {
  if (text.length <= REPEATED_LENGTH && HARMLESS.test(text)) return JSON.stringify(text);
  return `a text of ${text.length} characters`;
}
