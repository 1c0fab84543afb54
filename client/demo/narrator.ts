import pc from 'picocolors';
import { printable } from '../output.js';
import { asTyped, type Gatehouse, type Ran } from './command.js';

/** Which lines of what a command printed are shown; stderr always is. */
export type Shown = (lines: readonly string[]) => readonly string[];

/** One command of the story: what is typed, how it must end, and what of its answer is shown. */
export interface Step {
  readonly words: readonly string[];
  readonly code?: number;
  readonly show?: Shown;
}

/** What the demo has told so far, as `--json` prints it. */
export interface Chapter {
  readonly title: string;
  readonly commands: { readonly command: string; readonly exitCode: number; readonly output: readonly string[] }[];
}

/** Tells the story; every command in it is really run. */
export interface Narrator {
  readonly chapters: readonly Chapter[];
  chapter(title: string, ...sentences: string[]): void;
  say(...sentences: string[]): void;
  /** Shows something that the story does by itself as it would be typed, and what came of it. */
  show(command: string, output: readonly string[]): void;
  /** Runs commands side by side and shows them in their order; throws an {@link Unexpected} when one ends otherwise than it must. */
  run(...steps: Step[]): Promise<void>;
}

/** A command of the demo ended otherwise than the story goes. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

const WIDTH = 100;
const LINES_SHOWN = 3;

/** The first lines, which is what is shown unless a step says otherwise. */
export const firstLines =
  (count = LINES_SHOWN): Shown =>
  (lines) =>
    lines.slice(0, count);
/** The lines that match. */
export const linesWith =
  (pattern: RegExp): Shown =>
  (lines) =>
    lines.filter((line) => pattern.test(line));

/** A narrator that writes to `out` and runs its commands through `gatehouse`. */
export function narrator(gatehouse: Gatehouse, out: (line: string) => void): Narrator {
  const chapters: Chapter[] = [];
  const say = (...sentences: string[]): void => sentences.forEach((sentence) => out(sentence && `   ${sentence}`));
  const tell = (ran: Ran, { code = 0, show = firstLines() }: Step): void => {
    const typed = asTyped(ran.words, WIDTH);
    const output = [...show(linesOf(ran.stdout)), ...linesOf(ran.stderr)].map((line) => printable(line));
    chapters.at(-1)?.commands.push({ command: `gatehouse ${ran.words.join(' ')}`, exitCode: ran.code, output });
    out('');
    typed.forEach((line, i) => out(`   ${i === 0 ? '$ ' : '  '}${pc.cyan(line)}`));
    for (const line of output) out(`     ${ran.code === 0 ? line : pc.yellow(line)}`);
    if (ran.code === code) return;
    const why = linesOf(ran.stderr).at(-1) ?? linesOf(ran.stdout).at(-1) ?? 'no word';
    throw new Unexpected(
      `gatehouse ${ran.words.join(' ')} ended with ${ran.code}, where the story needs ${code}: ${printable(why)}`,
    );
  };
  return {
    chapters,
    say,
    show(command, output) {
      chapters.at(-1)?.commands.push({ command, exitCode: 0, output });
      out('');
      out(`   $ ${pc.cyan(command)}`);
      for (const line of output) out(`     ${printable(line)}`);
    },
    chapter(title, ...sentences) {
      chapters.push({ title, commands: [] });
      out('');
      out(pc.bold(`${chapters.length}. ${title}`));
      say(...sentences);
    },
    async run(...steps) {
      const results = await Promise.all(steps.map(({ words }) => gatehouse(...words)));
      results.forEach((ran, i) => tell(ran, steps[i] as Step));
    },
  };
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
