import { CutShort, type Bytes } from './bytes.js';

const WINDOW_BYTES = 256 * 1024;

/** Reads bytes from front to back through a small window, so that a file of any size takes no memory. */
export class Window {
  private buffer: Buffer = Buffer.alloc(0);
  private at = 0;
  private base: number;

  constructor(
    private readonly bytes: Bytes,
    from = 0,
  ) {
    this.base = from;
  }

  get position(): number {
    return this.base + this.at;
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.size;
  }

  /** How many bytes can be taken without reading on. */
  get ready(): number {
    return this.buffer.length - this.at;
  }

  /** Has at least so many bytes ready, or all that are left; answers whether they are as many. */
  async need(count: number): Promise<boolean> {
    if (this.ready >= count) return true;
    if (this.base + this.buffer.length >= this.bytes.size && this.buffer.length > 0) return false;
    const position = this.position;
    this.buffer = await this.bytes.read(position, Math.max(count, WINDOW_BYTES));
    this.base = position;
    this.at = 0;
    return this.buffer.length >= count;
  }

  /** The next byte, which {@link need} has made ready. */
  byte(): number {
    const value = this.buffer[this.at];
    if (value === undefined) throw this.cutShort();
    this.at += 1;
    return value;
  }

  /** The next bytes, which {@link need} has made ready; they are only good until the window moves on. */
  take(count: number): Buffer {
    if (this.ready < count) throw this.cutShort();
    const taken = this.buffer.subarray(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  skip(count: number): void {
    if (count > this.bytes.size - this.position) throw this.cutShort();
    this.at += count;
    if (this.at <= this.buffer.length) return;
    this.base += this.at;
    this.buffer = Buffer.alloc(0);
    this.at = 0;
  }

  /** The bytes up to the next line feed, which is passed over; undefined when it is not within those made ready. */
  line(): Buffer | undefined {
    const end = this.buffer.indexOf(10, this.at);
    if (end === -1) return undefined;
    const taken = this.buffer.subarray(this.at, end);
    this.at = end + 1;
    return taken;
  }

  private cutShort(): CutShort {
    return new CutShort(this.position);
  }
}
