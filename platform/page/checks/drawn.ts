import type { Finding } from '../../../domain/checks.js';
import type { Html } from '../html.js';

/** What is drawn of a finding beside its figures, and which of them it shows in full, so that they are not listed again. */
export interface Drawn {
  readonly markup: Html;
  readonly shown: readonly string[];
}

/** Draws a finding; what it cannot read it leaves to the list of figures. */
export type Draw = (finding: Finding, of: { readonly version: string }) => Drawn;
