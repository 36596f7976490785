import { readFile } from 'node:fs/promises';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { describe, expect, it } from 'vitest';
import { zipFile } from '../../../test/fuzz/zip-file.ts';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { fromBytes } from '../../src/weights/byte-source.ts';
import { readPth } from '../../src/weights/pth.ts';
import { readTensors } from '../../src/weights/scheme.ts';
import { storedZip } from './stored-zip.ts';

/** Protocol 2 operations, written out as Python's pickletools names them. */
const op = {
  text: (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`,
  byte: (value: number) => `K${String.fromCharCode(value)}`,
  int: (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return `J${bytes.toString('latin1')}`;
  },
  global: (module: string, name: string) => `c${module}\n${name}\n`,
  tuple: (...items: string[]) => `(${items.join('')}t`,
};

function storage(type: string, count: number): string {
  const id = op.tuple(
    op.text('storage'),
    op.global('torch', `${type}Storage`),
    op.text('0'),
    op.text('cpu'),
    op.int(count),
  );
  return `${id}Q`;
}

interface TensorOptions {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly type?: string;
  readonly count?: number;
  readonly offset?: number;
}

function tensor(o: TensorOptions): string {
  const args = op.tuple(
    storage(o.type ?? 'Float', o.count ?? 6),
    op.int(o.offset ?? 0),
    op.tuple(...o.shape.map(op.int)),
    op.tuple(...o.strides.map(op.int)),
    '\x89',
    `${op.global('collections', 'OrderedDict')})R`,
  );
  return `${op.global('torch._utils', '_rebuild_tensor_v2')}${args}R`;
}

function dict(key: string, value: string): string {
  return `}${op.text(key)}${value}s`;
}

const SIX = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);

function read(pickle: string, data: Uint8Array = SIX) {
  const bytes = storedZip({
    'w/data.pkl': Buffer.from(`\x80\x02${pickle}.`, 'latin1'),
    'w/data/0': data,
  });
  return readPth(fromBytes(bytes, 'w.pth'));
}

async function failure(promise: Promise<unknown>): Promise<AlibiError> {
  const error = await promise.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  if (error instanceof AlibiError) return error;
  throw error;
}

describe('readPth', () => {
  it('reads a tensor by its strides and offset', async () => {
    // A 2×2 view of 0…5, transposed, from element 1: [[1, 3], [2, 4]].
    const tensors = await read(dict('a', tensor({ shape: [2, 2], strides: [1, 2], offset: 1 })));
    expect(tensors.get('a')).toEqual({ shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) });
  });

  it.each([
    ['Half', Uint8Array.of(0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00), [1, -2, 2 ** -24]],
    ['BFloat16', Uint8Array.of(0x80, 0x3f, 0x00, 0xc0, 0x49, 0x40), [1, -2, 3.140625]],
    ['Double', new Uint8Array(Float64Array.of(1, -2, 0.1).buffer), [1, -2, Math.fround(0.1)]],
  ])('reads %s as float32', async (type, bytes, values) => {
    const tensors = await read(dict('a', tensor({ shape: [3], strides: [1], type, count: 3 })), bytes);
    expect([...(tensors.get('a')?.data ?? [])]).toEqual(values);
  });

  it('finds the state dict of a training checkpoint and leaves integers out', async () => {
    const inner = dict('a', tensor({ shape: [6], strides: [1] }));
    expect([...(await read(dict('model', inner))).keys()]).toEqual(['a']);
    const integers = dict('n', tensor({ shape: [1], strides: [1], type: 'Long', count: 1 }));
    expect((await read(integers)).size).toBe(0);
  });

  it.each([
    ['os.system', `${op.global('os', 'system')}(${op.text('true')}tR`],
    ['builtins.eval', `${op.global('builtins', 'eval')}(${op.text('1')}tR`],
    ['argparse.Namespace', `${op.global('argparse', 'Namespace')})\x81`],
    ['torch._utils.__class__', op.global('torch._utils', '__class__')],
    ['posix.system', `${op.text('posix')}${op.text('system')}\x93`],
  ])('refuses the global %s by name and runs nothing', async (name, pickle) => {
    const error = await failure(read(pickle));
    expect(error.tag).toBe('UnsupportedFormat');
    expect(error.data).toEqual({ global: name });
    expect(error.message).toContain(name);
  });

  it.each([
    ['an unknown operation', 'i', 'UnsupportedFormat'],
    ['an extension code', '\x82\x01', 'UnsupportedFormat'],
    ['a call of what is no function', `${op.byte(1)})R`, 'InvalidInput'],
    ['an empty stack', 'R', 'InvalidInput'],
    ['a missing mark', 't', 'InvalidInput'],
    ['an unknown memo', 'h\x05', 'InvalidInput'],
    ['text longer than the file', 'X\xff\xff\xff\x7fab', 'InvalidInput'],
    ['a list set like a dictionary', `]${op.byte(1)}${op.byte(2)}s`, 'InvalidInput'],
    ['a storage that is no tuple', `${op.text('storage')}Q`, 'InvalidInput'],
    ['no state dict', op.byte(1), 'UnsupportedFormat'],
    ['a dictionary that holds itself', `}q\0${op.text('model')}h\0s`, 'UnsupportedFormat'],
    ['a tensor beyond its storage', dict('a', tensor({ shape: [7], strides: [1] })), 'InvalidInput'],
    ['an offset beyond it', dict('a', tensor({ shape: [1], strides: [1], offset: 6 })), 'InvalidInput'],
    ['a huge tensor by stride 0', dict('a', tensor({ shape: [2 ** 30], strides: [0] })), 'InvalidInput'],
    ['overlapping strides', dict('a', tensor({ shape: [3, 3], strides: [1, 1] })), 'InvalidInput'],
    ['a negative stride', dict('a', tensor({ shape: [3], strides: [-1], offset: 5 })), 'InvalidInput'],
    [
      'a storage that claims more',
      dict('a', tensor({ shape: [6], strides: [1], count: 2 ** 30 })),
      'InvalidInput',
    ],
  ])('refuses %s with a typed error', async (_, pickle, tag) => {
    expect((await failure(read(pickle))).tag).toBe(tag);
  });

  /** A list of two of the list before it, forty times over: 2^40 leaves in forty lists. */
  const laughs = `]q\0${Array.from({ length: 40 }, () => '(h\0h\0lq\0').join('')}`;
  it.each([
    ['dictionaries without end', '}'.repeat(600_000)],
    ['operations without end', 'N0'.repeat(1_100_000)],
    ['a global named by a list that grows without end', `${laughs}${op.text('x')}\x93`],
    ['a text of 2^63 bytes', '\x8d\xff\xff\xff\xff\xff\xff\xff\x7fab'],
    [
      'one storage under twenty names',
      `}(${Array.from({ length: 20 }, (_, i) => op.text(`a${i}`) + tensor({ shape: [6], strides: [1] })).join('')}u`,
    ],
  ])('refuses %s, before memory ends', async (_, pickle) => {
    expect((await failure(read(pickle))).tag).toBe('InvalidInput');
  });

  it('refuses entries of one name, and entries in the same bytes', async () => {
    const pickle = Buffer.from(`\x80\x02${dict('a', tensor({ shape: [6], strides: [1] }))}.`, 'latin1');
    const twice = zipFile([
      { name: 'w/data.pkl', data: pickle },
      { name: 'w/data/0', data: SIX },
      { name: 'w/data/0', data: SIX },
    ]);
    expect((await failure(readPth(fromBytes(twice, 'w.pth')))).message).toContain('twice');
    const shared = zipFile([
      { name: 'w/data.pkl', data: pickle },
      { name: 'w/data/0', data: SIX },
      { name: 'w/data/1', data: SIX, offset: 30 + 10 + pickle.length },
    ]);
    expect((await failure(readPth(fromBytes(shared, 'w.pth')))).message).toContain('lies in the bytes of');
  });

  it('refuses the format before torch 1.6, and files of other kinds', async () => {
    const legacy = Uint8Array.of(0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20);
    const error = await failure(readTensors(fromBytes(legacy, 'old.pth')));
    expect(error.message).toContain('torch before 1.6');
    expect((await failure(readTensors(fromBytes(new Uint8Array(3), 'x')))).tag).toBe('UnsupportedFormat');
    expect((await failure(readTensors(fromBytes(storedZip({}), 'x.zip')))).tag).toBe('UnsupportedFormat');
  });

  it.skipIf(!hasShared())('refuses a file cut off anywhere', async () => {
    const whole = await readFile(sharedPath('golden', 'tiny', 'alibi.timm.pth'));
    for (const share of [0.001, 0.3, 0.9, 0.999]) {
      const cut = fromBytes(whole.subarray(0, Math.floor(whole.length * share)), 'cut.pth');
      expect(['InvalidInput', 'UnsupportedFormat']).toContain((await failure(readTensors(cut))).tag);
    }
  });

  it.skipIf(!hasShared())('never throws anything but a typed error on a damaged file', async () => {
    const whole = await readFile(sharedPath('golden', 'tiny', 'alibi.timm.pth'));
    const at = whole.indexOf(Buffer.from('\x80\x02', 'latin1'));
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      const damaged = Uint8Array.from(whole);
      damaged[at + ((i * 37) % 4000)] = (i * 101) % 256;
      await readPth(fromBytes(damaged, 'damaged.pth')).catch((error: unknown) => {
        if (!(error instanceof AlibiError)) throw error;
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(20);
  });
});
