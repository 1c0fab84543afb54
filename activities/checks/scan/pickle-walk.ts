import { CutShort, Unreadable, type Bytes } from './bytes.js';
import type { Budget } from './limits.js';
import { MADE, PickleEnds, PLAIN, type PickleMachine } from './pickle-machine.js';
import { Window } from './window.js';

/** No opcode and its argument are looked at further than this. */
const AHEAD_BYTES = 64 * 1024;
const NAME_BYTES = 1_040;

type Step = (machine: PickleMachine, window: Window, at: number) => void;

/** What each opcode does to the machine; one that is not here ends the walk, as it ends Python's. */
const STEPS: Readonly<Record<number, Step>> = {
  ...op('(', (m, _, at) => m.mark(at)),
  ...op('0', (m, _, at) => (m.onMark ? m.popMark(at) : m.pop(at))),
  ...op('1', (m, _, at) => m.popMark(at)),
  ...op('2', (m, _, at) => m.push(m.top(at), at)),
  ...op('FIL', (m, w, at) => (line(w, at), m.push(PLAIN, at))),
  ...op('P', (m, w, at) => (line(w, at), m.push(MADE, at))),
  ...op('J', fixed(4)),
  ...op('K', fixed(1)),
  ...op('M', fixed(2)),
  ...op('G', fixed(8)),
  ...op('N])}\x88\x89\x8f', (m, _, at) => m.push(PLAIN, at)),
  ...op('\x97', (m, _, at) => m.push(MADE, at)),
  ...op('Q', (m, _, at) => (m.pop(at), m.push(MADE, at))),
  ...op('SV', (m, w, at) => m.pushText(unquoted(line(w, at)), at)),
  ...op('TX', text(4)),
  ...op('U\x8c', text(1)),
  ...op('\x8d', text(8)),
  ...op('B', counted(4)),
  ...op('C\x8a', counted(1)),
  ...op('\x8b', counted(4)),
  ...op('\x8e\x96', counted(8)),
  ...op('\x98', (m, _, at) => m.top(at)),
  ...op('a', (m, _, at) => (m.pop(at), m.change(at))),
  ...op('s', (m, _, at) => (m.pop(at), m.pop(at), m.change(at))),
  ...op('eu\x90', (m, _, at) => (m.popMark(at), m.change(at))),
  ...op('dlt\x91', (m, _, at) => (m.popMark(at), m.push(PLAIN, at))),
  ...op('\x85', tuple(1)),
  ...op('\x86', tuple(2)),
  ...op('\x87', tuple(3)),
  ...op('p', (m, w, at) => m.put(number(w, at), at)),
  ...op('q', (m, w, at) => m.put(w.byte(), at)),
  ...op('r', (m, w, at) => m.put(w.take(4).readUInt32LE(), at)),
  ...op('\x94', (m, _, at) => m.memoize(at)),
  ...op('g', (m, w, at) => m.get(number(w, at), at)),
  ...op('h', (m, w, at) => m.get(w.byte(), at)),
  ...op('j', (m, w, at) => m.get(w.take(4).readUInt32LE(), at)),
  ...op('\x80', (_, w) => w.skip(1)),
  ...op('\x95', (_, w) => w.skip(8)),
  ...op('c', (m, w, at) => m.import(named(w, at), at)),
  ...op('\x93', (m, _, at) => {
    const [name, module] = [m.pop(at), m.pop(at)];
    // A name that is put together by calls is known to Python alone.
    m.import(typeof name === 'string' && typeof module === 'string' ? `${module}.${name}` : 'a name it makes up', at);
  }),
  ...op('\x82\x83', (m, w, at) => (w.take(1), m.import('a registered extension', at))),
  ...op('\x84', (m, w, at) => (w.take(4), m.import('a registered extension', at))),
  ...op('i', (m, w, at) => {
    const name = named(w, at);
    m.popMark(at);
    m.import(name, at);
    m.call(m.pop(at), at);
  }),
  ...op('o', (m, _, at) => {
    const [target] = m.popMark(at);
    m.call(target ?? PLAIN, at);
  }),
  ...op('R\x81', (m, _, at) => (m.pop(at), m.call(m.pop(at), at))),
  ...op('\x92', (m, _, at) => (m.pop(at), m.pop(at), m.call(m.pop(at), at))),
  ...op('b', (m, _, at) => (m.pop(at), m.change(at))),
};

const STOP = '.'.charCodeAt(0);

/** Follows a pickle's opcodes from `from` to its STOP and answers where that ends; nothing is made, imported or called. */
export async function walkPickle(bytes: Bytes, machine: PickleMachine, from: number, budget: Budget): Promise<number> {
  const window = new Window(bytes, from);
  for (;;) {
    if (window.ready < AHEAD_BYTES) await window.need(AHEAD_BYTES);
    const at = window.position;
    const opcode = window.byte();
    budget.part('opcodes', at);
    if (opcode === STOP) {
      machine.pop(at);
      return window.position;
    }
    const step = STEPS[opcode];
    if (!step) throw new PickleEnds(`0x${opcode.toString(16).padStart(2, '0')} is no pickle opcode`, at);
    step(machine, window, at);
  }
}

function op(codes: string, step: Step): Readonly<Record<number, Step>> {
  return Object.fromEntries(codes.split('').map((code) => [code.charCodeAt(0), step]));
}

function fixed(size: number): Step {
  return (machine, window, at) => {
    window.skip(size);
    machine.push(PLAIN, at);
  };
}

function tuple(size: number): Step {
  return (machine, _, at) => {
    for (let taken = 0; taken < size; taken += 1) machine.pop(at);
    machine.push(PLAIN, at);
  };
}

function counted(size: 1 | 4 | 8): Step {
  return (machine, window, at) => {
    window.skip(length(window, size));
    machine.push(PLAIN, at);
  };
}

function text(size: 1 | 4 | 8): Step {
  return (machine, window, at) => {
    const bytes = length(window, size);
    const end = window.position + bytes;
    const start = window.take(Math.min(bytes, NAME_BYTES * 4));
    machine.pushText(start, at);
    window.skip(end - window.position);
  };
}

function length(window: Window, size: 1 | 4 | 8): number {
  const bytes = window.take(size);
  if (size === 1) return bytes.readUInt8();
  return size === 4 ? bytes.readUInt32LE() : Number(bytes.readBigUInt64LE());
}

function line(window: Window, at: number): Buffer {
  const taken = window.line();
  if (taken) return taken;
  // Python reads on for as long as it takes; what ends before has no end for it either.
  if (window.ready < AHEAD_BYTES - 1) throw new CutShort(at);
  throw new Unreadable('it has a line too long to be scanned', at);
}

function number(window: Window, at: number): number {
  const written = line(window, at).toString('latin1').replaceAll('_', '').trim();
  if (!/^\+?\d{1,15}$/.test(written)) throw new Unreadable('it has a memo index that is no number', at);
  return Number(written);
}

function named(window: Window, at: number): string {
  const module = line(window, at).toString('utf8');
  return `${module}.${line(window, at).toString('utf8')}`;
}

/** Python's own quotes and escapes, as far as names of modules may be written with them. */
function unquoted(written: Buffer): Buffer {
  const all = written.toString('utf8').trim();
  const inner = /^(['"])(.*)\1$/s.exec(all)?.[2] ?? all;
  const plain = inner.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([0-7]{1,3})|(.))/gi,
    (whole, x, u, long, octal, other: string) => {
      const code = x ?? u ?? long;
      if (code !== undefined) return character(Number.parseInt(String(code), 16), whole);
      return octal === undefined ? other : character(Number.parseInt(String(octal), 8), whole);
    },
  );
  return Buffer.from(plain);
}

function character(code: number, otherwise: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : otherwise;
}
