import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../platform/read/status.js';
import { jsonText, printable, Refused } from './output.js';
import { recordAway } from './record.js';
import { changeKey } from './show/change.js';
import { frame, SCREEN } from './show/screen.js';
import { terminalOf, type Canvas } from './terminal.js';
import { brief } from './table.js';

/** Where looks come from: one at a time over one connection, which is made anew after it failed. */
export interface Looking {
  readonly look: () => Promise<Status>;
  readonly readUrl: string;
}

/** How what is seen is shown. */
export interface Showing {
  readonly json: boolean;
  readonly lines: (status: Status, on: Canvas) => readonly string[];
}

const EVERY_MS = 1_000;
const HINT = 'Ctrl-C ends this';

interface View {
  /** Shows a look; called once a second. */
  readonly seen: (status: Status) => void;
  /** Says in one line that the record is away, or with null that it is back. */
  readonly away: (line: string | null) => void;
  readonly end: () => void;
}

/** Looks once a second and shows what it sees until Ctrl-C. The first look must succeed; later ones may fail, and it says so. */
export async function watch({ look, readUrl }: Looking, showing: Showing): Promise<void> {
  const stop = stopSignal();
  const first = await look().catch((error: unknown) => {
    throw error instanceof Refused ? error : new Refused(recordAway(readUrl, error));
  });
  const view = terminalOf().isScreen && !showing.json ? onScreen(showing) : inLines(showing);
  try {
    view.seen(first);
    let awaySince: string | undefined;
    while (await pauseOf(EVERY_MS, stop)) {
      const status = await unlessAborted(
        look().catch((error: unknown) => error as Error),
        stop,
      );
      if (status === undefined) break;
      if (status instanceof Error) {
        const { kind, what } = recordAway(readUrl, status);
        if (kind !== 'away') throw status;
        awaySince ??= new Date().toISOString();
        view.away(`away since ${awaySince.slice(11, 19)} UTC, trying again: ${printable(what, 300)}`);
      } else {
        if (awaySince !== undefined) view.away(null);
        awaySince = undefined;
        view.seen(status);
      }
    }
  } finally {
    view.end();
  }
}

/** Draws every look over the one before it, and again when the terminal's size changes. */
function onScreen({ lines }: Showing): View {
  let latest: Status | undefined;
  let note: string | null = null;
  const draw = (): void => {
    const terminal = terminalOf();
    if (!latest) return;
    const { paint } = terminal;
    const last = brief(note ?? HINT, terminal.width - 1);
    process.stdout.write(frame(lines(latest, terminal), note === null ? paint.dim(last) : paint.red(last), terminal));
  };
  const leave = (): void => void process.stdout.write(SCREEN.leave);
  const enter = (): void => void process.stdout.write(SCREEN.enter);
  // Stopped with Ctrl-Z the terminal is the shell's again.
  const suspend = (): void => {
    leave();
    process.kill(process.pid, 'SIGSTOP');
  };
  const resume = (): void => {
    enter();
    draw();
  };
  enter();
  process.stdout.on('resize', draw);
  process.on('SIGTSTP', suspend).on('SIGCONT', resume);
  process.once('exit', leave);
  return {
    seen(status) {
      latest = status;
      draw();
    },
    away(line) {
      note = line;
      draw();
    },
    end() {
      process.stdout.off('resize', draw);
      process.off('SIGTSTP', suspend).off('SIGCONT', resume).off('exit', leave);
      leave();
      // The last look stays in the terminal.
      if (latest) process.stdout.write(`${lines(latest, terminalOf()).join('\n')}\n`);
    },
  };
}

/** Writes one block, or with `--json` one document, for each change. */
function inLines({ json, lines }: Showing): View {
  let shown: string | undefined;
  let isAway = false;
  return {
    seen(status) {
      const key = changeKey(status);
      if (key === shown) return;
      const text = json ? jsonText(status) : [...(shown === undefined ? [] : ['']), ...lines(status, terminalOf())].join('\n');
      shown = key;
      process.stdout.write(`${text}\n`);
    },
    away(line) {
      if (line !== null && !isAway) process.stderr.write(`${line}\n`);
      if (line === null) process.stderr.write('the record is back\n');
      isAway = line !== null;
    },
    end: () => undefined,
  };
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  // Run by npx it hears of one Ctrl-C twice.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => controller.abort());
  return controller.signal;
}

/** Whether a time passed without anybody wanting to stop. */
async function pauseOf(ms: number, signal: AbortSignal): Promise<boolean> {
  return await delay(ms, true, { signal }).catch(() => false);
}

/** What `work` gives, or undefined as soon as somebody wants to stop. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((done, fail) => {
    const stop = (): void => done(undefined);
    signal.addEventListener('abort', stop);
    // Taken off again each time: a watch of two weeks takes a million looks.
    work.then(done, fail).finally(() => signal.removeEventListener('abort', stop));
  });
}
