import { quoted } from '../../../platform/files/quoted.js';
import { CutShort, Unreadable, type Bytes } from './bytes.js';
import type { JudgedLook } from './look.js';
import { walkPickle } from './pickle-walk.js';
import { PickleEnds, PickleMachine } from './pickle-machine.js';

const PROTO = 0x80;
const HIGHEST_PROTOCOL = 5;
const REPORTED = 10;

/**
 * Reports pickles that bytes hold from `from` on, and answers whether they are any. It is one if it says so, or if reading
 * it would import a name and then use it, whatever else the bytes may be: Python stops at the end of the first pickle.
 */
export async function scanPickle(bytes: Bytes, look: JudgedLook, from = 0): Promise<boolean> {
  let start = from;
  let announced = 0;
  const names = new Map<string, number>();
  for (;;) {
    const machine = new PickleMachine(look.scanned.budget);
    const says = await saysSo(bytes, start);
    let fault: unknown;
    let end = start;
    try {
      end = await walkPickle(bytes, machine, start, look.scanned.budget);
    } catch (problem) {
      fault = problem;
    }
    const isOne = says || machine.uses > 0 || (machine.imports.size > 0 && !endsForPython(fault));
    if (!isOne && announced === 0) {
      if (fault instanceof Unreadable || fault === undefined) return false;
      throw fault;
    }
    for (const [name, at] of machine.imports) if (!names.has(name)) names.set(name, at);
    announced += 1;
    if (fault !== undefined || end >= bytes.size || !(await saysSo(bytes, end))) {
      tell(look, names);
      if (fault !== undefined) throw fault;
      if (end < bytes.size) throw new Unreadable(`${bytes.size - end} bytes come after the end of the pickle`, end);
      return true;
    }
    start = end;
  }
}

/** Where Python would have stopped too, nothing that was imported by then has been used. */
function endsForPython(fault: unknown): boolean {
  return fault instanceof PickleEnds || fault instanceof CutShort;
}

async function saysSo(bytes: Bytes, at: number): Promise<boolean> {
  const [first, protocol = HIGHEST_PROTOCOL + 1] = await bytes.read(at, 2);
  return first === PROTO && protocol <= HIGHEST_PROTOCOL;
}

function tell({ scanned, report, recognised }: JudgedLook, names: ReadonlyMap<string, number>): void {
  const isJoblib = [...names.keys()].some((name) => /^(sklearn\.externals\.)?joblib\.numpy_pickle/.test(name));
  recognised(isJoblib ? 'joblib' : 'pickle');
  const foreign = [...names].filter(([name]) => !scanned.scan.globals.includes(name));
  for (const [name, at] of foreign.slice(0, REPORTED))
    report('critical', `at byte ${at}`, `imports ${quoted(name)} when it is loaded, which the policy does not name`);
  if (foreign.length > REPORTED) report('critical', '', `imports ${foreign.length - REPORTED} more names`);
}
