import { isStandardDomain } from '../../../domain/scan.js';
import { printable, quoted } from '../../../platform/files/quoted.js';
import { Unreadable, type Bytes } from './bytes.js';
import { createTensorRules, type TensorRules } from './onnx-tensors.js';
import { ONNX_MODEL } from './onnx-fields.js';
import { walkProtobuf, type Frame, type Message, type Visitor } from './protobuf.js';
import type { Look } from './look.js';

const DOMAINS_KEPT = 100;

/** An ONNX file in words, its findings reported; undefined when it is none. Throws `Unreadable` for one that is broken. */
export async function scanOnnx(bytes: Bytes, look: Look): Promise<string | undefined> {
  const seen = new Seen(createTensorRules(look, bytes.size));
  try {
    const visitor: Visitor = {
      leave: (frame, parent) => seen.leave(frame, parent),
      unknown: (frame, field, at) => seen.unknown(frame, field, at),
    };
    await walkProtobuf(bytes, ONNX_MODEL, visitor, look.scanned.budget);
  } catch (problem) {
    if (problem instanceof Unreadable && !(await claimsToBeOnnx(bytes, seen))) return undefined;
    throw problem;
  }
  if (seen.graphs === 0) return undefined;
  seen.report(look);
  return seen.described();
}

class Seen {
  graphs = 0;
  private readonly ir: number[] = [];
  private readonly opsets = new Map<string, number>();
  private readonly own = new Set<string>();
  private readonly foreign = new Map<string, { readonly operator: string; readonly at: number; count: number }>();
  private readonly unknownFields = new Map<Message, Map<number, number>>();

  constructor(private readonly tensors: TensorRules) {}

  leave(frame: Frame, parent: Frame | undefined): void {
    const { message, texts, numbers } = frame;
    if (message.name === 'graph') this.graphs += 1;
    if (message.name === 'model') this.ir.push(...(numbers[1] ?? []));
    if (message.name === 'opset') this.addOpset(texts[1] ?? '', numbers[2]?.at(-1) ?? 0, frame.start);
    if (message.name === 'function') this.own.add(operatorName(texts[10] ?? '', texts[1] ?? ''));
    if (message.name === 'node') this.addNode(texts[7] ?? '', texts[4] ?? '', frame.start);
    this.tensors.leave(frame, parent);
  }

  unknown({ message }: Frame, field: number, at: number): void {
    const known = this.unknownFields.get(message) ?? new Map<number, number>();
    this.unknownFields.set(message, known);
    if (known.size < DOMAINS_KEPT && !known.has(field)) known.set(field, at);
  }

  report({ scanned, report }: Look): void {
    const allowed = scanned.scan.domains;
    this.tensors.finish();
    for (const [{ name }, fields] of this.unknownFields)
      for (const [field, at] of fields) report('medium', `at byte ${at}`, `${name} field ${field} is not in the ONNX format`);
    const reported = new Set<string>();
    for (const [name, { operator, at, count }] of this.foreign) {
      const domain = name.slice(0, name.indexOf('\0'));
      if (this.own.has(name) || allowed.includes(domain) || reported.has(domain)) continue;
      reported.add(domain);
      const uses = `operator ${quoted(operator)}${count > 1 ? ` (${count} times)` : ''}`;
      report('high', `at byte ${at}`, `${uses} is of the domain ${quoted(domain)}, which is not a standard one`);
    }
    const ownDomains = new Set([...this.own].map((name) => name.slice(0, name.indexOf('\0'))));
    for (const domain of this.opsets.keys()) {
      if (isStandardDomain(domain) || allowed.includes(domain) || ownDomains.has(domain) || reported.has(domain)) continue;
      report('high', 'opset imports', `the domain ${quoted(domain)} is not a standard one`);
    }
  }

  described(): string {
    const opsets = [...this.opsets]
      .map(([domain, version]) => `${printable(domain || 'ai.onnx').slice(0, 60)} ${version}`)
      .sort();
    return `onnx (ir ${this.ir.at(-1) ?? 'none'}, opsets ${opsets.join(', ') || 'none'})`;
  }

  /** Whether the first fields were those of a model, whatever came after them. */
  get hasModelFields(): boolean {
    return this.graphs > 0 || this.opsets.size > 0;
  }

  private addOpset(domain: string, version: number, at: number): void {
    this.opsets.set(domain, version);
    if (this.opsets.size > DOMAINS_KEPT) throw new Unreadable(`it names more than ${DOMAINS_KEPT} operator domains`, at);
  }

  private addNode(domain: string, operator: string, at: number): void {
    if (isStandardDomain(domain)) return;
    const name = operatorName(domain, operator);
    const before = this.foreign.get(name);
    if (before) before.count += 1;
    else this.foreign.set(name, { operator, at, count: 1 });
    if (this.foreign.size > 10 * DOMAINS_KEPT) throw new Unreadable('it names too many operators of other domains', at);
  }
}

function operatorName(domain: string, operator: string): string {
  return `${domain}\0${operator}`;
}

/** A model starts with its IR version, as every exporter writes it; then a broken rest is a broken model. */
async function claimsToBeOnnx(bytes: Bytes, seen: Seen): Promise<boolean> {
  if (seen.hasModelFields) return true;
  const [tag = 0, version = 0, next = 0] = await bytes.read(0, 3);
  return tag === 0x08 && version > 0 && version < 64 && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next);
}
