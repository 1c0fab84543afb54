import { Unreadable, type Bytes } from './bytes.js';
import type { Budget } from './limits.js';
import { Window } from './window.js';

const DEPTH_LIMIT = 64;
const TEXT_KEPT_BYTES = 4_096;
const NUMBERS_KEPT = 64;
const WIRE_BYTES = { fixed64: 8, fixed32: 4 } as const;

/** What is wanted of a field: its text, its numbers, its length in bytes, the message in it, or that it is passed over. */
export type Field = 'text' | 'number' | 'length' | 'skip' | Message;

/** A message type: its fields by number; one that is not there is unknown. */
export interface Message {
  readonly name: string;
  readonly fields: { [field: number]: Field };
}

/** One message as far as it was asked for; numbers above 2^53 are not exact. */
export interface Frame {
  readonly message: Message;
  readonly start: number;
  readonly end: number;
  readonly texts: { [field: number]: string };
  readonly numbers: { [field: number]: number[] };
  readonly lengths: { [field: number]: number };
}

export interface Visitor {
  /** A message is read to its end; those inside it came before. */
  leave(frame: Frame, parent: Frame | undefined): void;
  unknown?(frame: Frame, field: number, at: number): void;
}

/**
 * Walks a protobuf message from front to back and passes over what nobody asked for. (protobufjs decodes a whole buffer into
 * objects; a model of many gigabytes would take as much memory here, and a hostile one more.) Throws `Unreadable`.
 */
export async function walkProtobuf(bytes: Bytes, root: Message, visitor: Visitor, budget: Budget): Promise<void> {
  const window = new Window(bytes);
  const open: Frame[] = [frameOf(root, 0, bytes.size)];
  for (;;) {
    let frame = open.at(-1) as Frame;
    while (window.position >= frame.end) {
      if (window.position > frame.end) throw new Unreadable('a field is longer than the message it is in', window.position);
      open.pop();
      const parent = open.at(-1);
      visitor.leave(frame, parent);
      if (!parent) return;
      frame = parent;
    }
    if (window.ready < 20) await window.need(20);
    const at = window.position;
    budget.part('fields', at);
    const tag = varint(window);
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number === 0 || number > 536_870_911) throw new Unreadable('it is no protobuf message', at);
    const field = frame.message.fields[number];
    if (field === undefined) visitor.unknown?.(frame, number, at);
    if (wire === 0) {
      const value = varint(window);
      if (field === 'number') keep(frame, number, value, at);
    } else if (wire === 1) window.skip(WIRE_BYTES.fixed64);
    else if (wire === 5) window.skip(WIRE_BYTES.fixed32);
    else if (wire === 2) {
      const length = varint(window);
      if (length > frame.end - window.position) throw new Unreadable('a field is longer than the message it is in', at);
      if (typeof field === 'object') {
        if (open.length >= DEPTH_LIMIT) throw new Unreadable('its messages are nested too deep', at);
        budget.part('messages', at);
        open.push(frameOf(field, window.position, window.position + length));
      } else await takeField(window, frame, { number, field, length });
    } else throw new Unreadable('it is no protobuf message', at);
  }
}

async function takeField(
  window: Window,
  frame: Frame,
  { number, field, length }: { number: number; field: Exclude<Field, Message> | undefined; length: number },
): Promise<void> {
  const end = window.position + length;
  if (field === 'length') frame.lengths[number] = (frame.lengths[number] ?? 0) + length;
  if (field === 'text') {
    // What is cut off here is longer than anything it is compared with.
    const kept = Math.min(length, TEXT_KEPT_BYTES);
    await window.need(kept);
    frame.texts[number] = window.take(kept).toString('utf8');
  }
  if (field === 'number') {
    if (length > NUMBERS_KEPT * 10) throw new Unreadable('a list of numbers is too long', window.position);
    await window.need(length);
    while (window.position < end) keep(frame, number, varint(window), window.position);
    if (window.position > end) throw new Unreadable('a field is longer than the message it is in', end);
  }
  window.skip(end - window.position);
}

function varint(window: Window): number {
  const at = window.position;
  let result = 0;
  for (let factor = 1, count = 0; count < 10; factor *= 128, count += 1) {
    const byte = window.byte();
    result += (byte & 127) * factor;
    if (byte < 128) return result;
  }
  throw new Unreadable('it is no protobuf message', at);
}

function keep({ numbers }: Frame, field: number, given: number, at: number): void {
  const kept = (numbers[field] ??= []);
  if (kept.length >= NUMBERS_KEPT) throw new Unreadable('a list of numbers is too long', at);
  kept.push(given);
}

function frameOf(message: Message, start: number, end: number): Frame {
  return { message, start, end, texts: {}, numbers: {}, lengths: {} };
}
