import pc from 'picocolors';
import type { Env } from '../platform/config.js';

/** What text is drawn on: how many cells a line may take, and the colours, which do nothing where there are none. */
export interface Canvas {
  readonly width: number;
  readonly paint: ReturnType<typeof pc.createColors>;
}

/** Where the output goes. */
export interface Terminal extends Canvas {
  /** Whether it can be drawn on again: a terminal that knows cursor codes. */
  readonly isScreen: boolean;
  readonly rows: number;
}

/** The canvas of a given width, with colours or without. */
export function canvas(width: number, hasColours: boolean): Canvas {
  return { width, paint: pc.createColors(hasColours) };
}

/**
 * What an output can show. Colours go to terminals, `FORCE_COLOR` gives them to files as well and `NO_COLOR` to nobody;
 * lines that go to a file are not broken.
 */
export function terminalOf(
  out: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'> = process.stdout,
  env: Env = process.env,
): Terminal {
  const isScreen = out.isTTY && env['TERM'] !== 'dumb';
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0' && env['FORCE_COLOR'] !== 'false';
  const hasColours = !env['NO_COLOR'] && (forced || (isScreen && env['FORCE_COLOR'] === undefined));
  // A terminal that does not know its size says 0.
  const width = out.isTTY ? out.columns || 80 : Infinity;
  return { ...canvas(width, hasColours), isScreen, rows: out.rows || 24 };
}
