import { Unreadable } from './bytes.js';
import type { Budget } from './limits.js';

/** What is known of a value on the pickle machine's stack: a text, a name it imported, or nothing but what it can't be. */
export type Value = string | { readonly imported: string } | typeof PLAIN | typeof MADE;

/** A number, a list and the like: nothing that could be called. */
export const PLAIN = Symbol('plain');
/** Whatever a call has made. */
export const MADE = Symbol('made');

/** What Python itself would stop at: nothing after it is ever reached. */
export class PickleEnds extends Unreadable {}

const VALUES = 1_000_000;
const TEXT_CHARACTERS = 256;
const ALL_CHARACTERS = 16_000_000;

/** The stack and memo of a pickle machine that only keeps account and never makes or calls anything. */
export class PickleMachine {
  readonly imports = new Map<string, number>();
  /** How often what was imported or made is called or changed. */
  uses = 0;
  private readonly stack: Value[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, Value>();
  private characters = 0;

  constructor(private readonly budget: Budget) {}

  push(value: Value, at: number): void {
    if (this.stack.length >= VALUES) throw new Unreadable('its stack is too deep', at);
    this.stack.push(value);
  }

  /** A text; what is too long for a name is only known to be no name. */
  pushText(bytes: Buffer, at: number): void {
    const text = bytes.toString('utf8', 0, TEXT_CHARACTERS + 1);
    const kept = text.length <= TEXT_CHARACTERS;
    if (kept) this.characters += text.length;
    if (this.characters > ALL_CHARACTERS) throw new Unreadable('it has too many texts', at);
    this.push(kept ? text : PLAIN, at);
  }

  pop(at: number): Value {
    const value = this.stack.length > (this.marks.at(-1) ?? 0) ? this.stack.pop() : undefined;
    if (value === undefined) throw new PickleEnds('it takes a value from an empty stack', at);
    return value;
  }

  top(at: number): Value {
    const value = this.pop(at);
    this.stack.push(value);
    return value;
  }

  mark(at: number): void {
    if (this.marks.length >= VALUES) throw new Unreadable('its stack is too deep', at);
    this.marks.push(this.stack.length);
  }

  popMark(at: number): Value[] {
    const from = this.marks.pop();
    if (from === undefined) throw new PickleEnds('it has no mark on its stack', at);
    return this.stack.splice(from);
  }

  get onMark(): boolean {
    return this.marks.at(-1) === this.stack.length;
  }

  put(index: number, at: number): void {
    if (this.memo.size >= VALUES) throw new Unreadable('its memo is too large', at);
    this.memo.set(index, this.top(at));
  }

  memoize(at: number): void {
    this.put(this.memo.size, at);
  }

  get(index: number, at: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw new PickleEnds('it takes a value that its memo does not have', at);
    this.push(value, at);
  }

  import(name: string, at: number): void {
    this.budget.part('imports', at);
    if (!this.imports.has(name)) this.imports.set(name, at);
    if (this.imports.size > 1_000) throw new Unreadable('it imports more than 1000 names', at);
    this.push({ imported: name }, at);
  }

  /** An object is changed: its own methods may run. */
  change(at: number): void {
    const target = this.top(at);
    if (target === MADE || typeof target === 'object') this.uses += 1;
  }

  call(target: Value, at: number): void {
    if (target === PLAIN || typeof target === 'string') throw new PickleEnds('it calls what cannot be called', at);
    this.uses += 1;
    this.push(MADE, at);
  }
}
