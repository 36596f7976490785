import { AlibiError } from 'alibi-zarr/checkpoint';

/**
 * Values a restricted pickle may hold. Dictionaries become Maps, lists and tuples arrays, what a hook makes is its own.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleObject;

/** A name the stream refers to; never looked up, never run. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What a hook makes of a call or of a persistent id. */
export abstract class PickleObject {
  abstract readonly kind: string;
}

export interface PickleHooks {
  /** @returns true where the stream may name this global, `module.name` */
  allows(name: string): boolean;
  /** What calling an allowed global gives: a value of ours, made without running anything of the file's. */
  call(name: string, args: readonly PickleValue[]): PickleValue;
  persistentId(id: PickleValue): PickleValue;
}

const MARK = Symbol('mark');
type StackItem = PickleValue | typeof MARK;

// A checkpoint has some fifty operations a tensor; these bound time and memory on a hostile stream. A container takes up to
// 200 bytes of memory for the one byte that makes it.
const OPERATION_LIMIT = 2_000_000;
const CONTAINER_LIMIT = 500_000;

/**
 * Runs the stack machine of Python's pickle (protocols 0 to 5) without ever running code: globals are checked against
 * an allow-list and handed to `hooks`; any other global, any unknown operation and any malformed stream is refused.
 *
 * @throws AlibiError  UnsupportedFormat naming the global or operation; InvalidInput where the stream is malformed
 * Source: CPython, Lib/pickletools.py (the definition of the operations).
 */
export function unpickle(bytes: Uint8Array, hooks: PickleHooks, where: string): PickleValue {
  return new Unpickler(bytes, hooks, where).run();
}

class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #hooks: PickleHooks;
  readonly #where: string;
  readonly #memo = new Map<number, PickleValue>();
  readonly #stack: StackItem[] = [];
  #at = 0;
  #containers = 0;

  constructor(bytes: Uint8Array, hooks: PickleHooks, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#hooks = hooks;
    this.#where = where;
  }

  run(): PickleValue {
    for (let operations = 0; operations < OPERATION_LIMIT; operations++) {
      const code = String.fromCharCode(this.#byte());
      if (code === '.') return this.#pop();
      if (!this.#literal(code) && !this.#container(code) && !this.#object(code)) {
        throw new AlibiError('UnsupportedFormat', {
          what: `the pickle holds the operation 0x${code.charCodeAt(0).toString(16)}, which weights do not need and which is not run`,
          where: `${this.#where}, byte ${this.#at - 1}`,
          remedy: 'Save the bare state dict with torch.save, or as safetensors.',
        });
      }
    }
    throw this.#malformed(`it has more than ${OPERATION_LIMIT} operations`);
  }

  #literal(code: string): boolean {
    const push = (value: PickleValue): true => {
      this.#stack.push(value);
      return true;
    };
    switch (code) {
      case '\x80': // PROTO
        this.#byte();
        return true;
      case '\x95': // FRAME
        this.#take(8);
        return true;
      case 'N':
        return push(null);
      case '\x88':
        return push(true);
      case '\x89':
        return push(false);
      case 'K':
        return push(this.#byte());
      case 'M':
        return push(this.#number(2, (at) => this.#view.getUint16(at, true)));
      case 'J':
        return push(this.#number(4, (at) => this.#view.getInt32(at, true)));
      case '\x8a': // LONG1
        return push(this.#long(this.#byte()));
      case 'G':
        return push(this.#number(8, (at) => this.#view.getFloat64(at, false)));
      case 'I':
      case 'L':
        return push(this.#decimal());
      case 'F':
        return push(Number(this.#line()));
      case 'X':
        return push(this.#text(this.#uint32()));
      case '\x8c': // SHORT_BINUNICODE
        return push(this.#text(this.#byte()));
      case '\x8d': // BINUNICODE8
        return push(this.#text(this.#uint64()));
      case 'V':
        return push(this.#line());
      case 'U': // SHORT_BINSTRING, of Python 2
        return push(this.#text(this.#byte()));
      case 'T':
        return push(this.#text(this.#uint32()));
      case 'C':
        return push(this.#take(this.#byte()).slice());
      case 'B':
        return push(this.#take(this.#uint32()).slice());
      default:
        return false;
    }
  }

  /** Counted before it is made. */
  #counted<T>(container: () => T): T {
    if (++this.#containers > CONTAINER_LIMIT)
      throw this.#malformed(`it makes more than ${CONTAINER_LIMIT} lists and dictionaries`);
    return container();
  }

  #container(code: string): boolean {
    switch (code) {
      case '(':
        this.#stack.push(MARK);
        return true;
      case ')':
      case ']':
        this.#stack.push(this.#counted(() => []));
        return true;
      case '}':
        this.#stack.push(this.#counted(() => new Map()));
        return true;
      case 't':
      case 'l':
        this.#stack.push(this.#counted(() => this.#toMark()));
        return true;
      case 'd':
        this.#stack.push(this.#counted(() => this.#setItems(new Map(), this.#toMark())));
        return true;
      case '\x85':
      case '\x86':
      case '\x87': // TUPLE1 to TUPLE3
        this.#stack.push(this.#counted(() => this.#popMany(code.charCodeAt(0) - 0x84)));
        return true;
      case 'a':
        this.#append(this.#popMany(1));
        return true;
      case 'e':
        this.#append(this.#toMark());
        return true;
      case 's':
        this.#setItems(this.#below(2), this.#popMany(2));
        return true;
      case 'u': {
        const items = this.#toMark();
        this.#setItems(this.#peek(), items);
        return true;
      }
      case '0':
        this.#stack.pop();
        return true;
      case '1':
        this.#toMark();
        return true;
      default:
        return false;
    }
  }

  #object(code: string): boolean {
    switch (code) {
      case 'q':
        this.#memo.set(this.#byte(), this.#peek());
        return true;
      case 'r':
        this.#memo.set(this.#uint32(), this.#peek());
        return true;
      case 'p':
        this.#memo.set(this.#decimal(), this.#peek());
        return true;
      case '\x94': // MEMOIZE
        this.#memo.set(this.#memo.size, this.#peek());
        return true;
      case 'h':
        this.#stack.push(this.#recall(this.#byte()));
        return true;
      case 'j':
        this.#stack.push(this.#recall(this.#uint32()));
        return true;
      case 'g':
        this.#stack.push(this.#recall(this.#decimal()));
        return true;
      case 'c':
        this.#stack.push(this.#global(this.#line(), this.#line()));
        return true;
      case '\x93': {
        const [module, name] = this.#popMany(2);
        // Not String(…): a list that holds itself many times over would be written out whole.
        if (typeof module !== 'string' || typeof name !== 'string')
          throw this.#malformed('a global is named by what is no text');
        this.#stack.push(this.#global(module, name));
        return true;
      }
      case 'R':
      case '\x81': // REDUCE, NEWOBJ
        this.#counted(() => this.#reduce());
        return true;
      case 'b':
        // BUILD: a state dict's `_metadata`; nothing of it is needed.
        this.#popMany(1);
        this.#peek();
        return true;
      case 'Q':
        this.#stack.push(this.#hooks.persistentId(this.#pop()));
        return true;
      default:
        return false;
    }
  }

  #reduce(): void {
    const [callee, args] = this.#popMany(2);
    if (!(callee instanceof PickleGlobal) || !Array.isArray(args))
      throw this.#malformed('a call has no function');
    this.#stack.push(this.#hooks.call(callee.name, args));
  }

  #global(module: string, name: string): PickleGlobal {
    const full = `${module}.${name}`;
    if (this.#hooks.allows(full)) return new PickleGlobal(full);
    throw new AlibiError('UnsupportedFormat', {
      what: `the file refers to ${JSON.stringify(full.slice(0, 200))}, which is not among what weights need, and no code of a file is ever run`,
      where: this.#where,
      remedy: 'Save the bare state dict with torch.save in Python, or as safetensors, if you trust the file.',
      data: { global: full.slice(0, 200) },
    });
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#peek();
    if (!Array.isArray(list)) throw this.#malformed('something is appended to what is no list');
    for (const item of items) list.push(item);
  }

  #setItems(target: PickleValue, items: readonly PickleValue[]): PickleValue {
    if (!(target instanceof Map) || items.length % 2 !== 0)
      throw this.#malformed('keys and values do not match');
    for (let i = 0; i < items.length; i += 2) target.set(items[i] ?? null, items[i + 1] ?? null);
    return target;
  }

  #recall(key: number): PickleValue {
    const value = this.#memo.get(key);
    if (value === undefined) throw this.#malformed(`nothing was memorised under ${key}`);
    return value;
  }

  #toMark(): PickleValue[] {
    const items: PickleValue[] = [];
    for (;;) {
      const item = this.#stack.pop();
      if (item === undefined) throw this.#malformed('a mark is missing');
      if (item === MARK) return items.reverse();
      items.push(item);
    }
  }

  #popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #pop(): PickleValue {
    const item = this.#stack.pop();
    if (item === undefined || item === MARK) throw this.#malformed('its stack is empty');
    return item;
  }

  #peek(): PickleValue {
    return this.#below(0);
  }

  #below(depth: number): PickleValue {
    const item = this.#stack[this.#stack.length - 1 - depth];
    if (item === undefined || item === MARK) throw this.#malformed('its stack is empty');
    return item;
  }

  #byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  #uint32(): number {
    return this.#number(4, (at) => this.#view.getUint32(at, true));
  }

  #uint64(): number {
    return this.#number(8, (at) => Number(this.#view.getBigUint64(at, true)));
  }

  #number(size: number, read: (at: number) => number): number {
    const at = this.#at;
    this.#take(size);
    return read(at);
  }

  #long(size: number): number | bigint {
    let value = 0n;
    for (const [i, byte] of this.#take(size).entries()) value |= BigInt(byte) << BigInt(8 * i);
    const signed = BigInt.asIntN(8 * size, value);
    const small = Number(signed);
    return Number.isSafeInteger(small) ? small : signed;
  }

  #decimal(): number {
    const value = Number(this.#line().replace(/L$/, ''));
    if (Number.isSafeInteger(value)) return value;
    throw this.#malformed('a number is no integer');
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.#malformed('it is cut off');
    const text = this.#text(end - this.#at);
    this.#at++;
    return text;
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.byteLength) throw this.#malformed('it is cut off');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  #malformed(what: string): AlibiError {
    return new AlibiError('InvalidInput', {
      what: `the pickle is malformed: ${what}`,
      where: `${this.#where}, byte ${this.#at}`,
      remedy: 'Fetch the file again.',
    });
  }
}
