import { AlibiError } from 'alibi-zarr/checkpoint';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/weights/byte-source.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';

function file(header: unknown, data: Uint8Array = new Uint8Array(8), claimed?: bigint) {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(text.length));
  return fromBytes(new Uint8Array(Buffer.concat([length, text, data])), 'w.safetensors');
}

describe('readSafetensors', () => {
  it('reads floats and leaves integers and metadata out', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      a: { dtype: 'BF16', shape: [2, 1], data_offsets: [0, 4] },
      n: { dtype: 'I32', shape: [1], data_offsets: [4, 8] },
    };
    const tensors = await readSafetensors(file(header, Uint8Array.of(0x80, 0x3f, 0, 0xc0, 0, 0, 0, 0)));
    expect([...tensors]).toEqual([['a', { shape: [2, 1], data: Float32Array.of(1, -2) }]]);
  });

  it.each([
    ['a header longer than the file', file({}, undefined, 2n ** 62n)],
    ['a header that is not JSON', file('{"a":')],
    ['a header that is a list', file([])],
    ['an entry without offsets', file({ a: { dtype: 'F32', shape: [1] } })],
    ['a negative size', file({ a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } })],
    ['offsets that run backwards', file({ a: { dtype: 'F32', shape: [1], data_offsets: [8, 4] } })],
    ['offsets beyond the file', file({ a: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } })],
    ['a shape that does not fit its bytes', file({ a: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } })],
    ['a shape of astronomical size', file({ a: { dtype: 'F32', shape: [1e9, 1e9], data_offsets: [0, 8] } })],
    ['a header of gigabytes', file({}, new Uint8Array(17 * 2 ** 20), 2n ** 24n + 1n)],
    [
      'two tensors in the same bytes',
      file({
        a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
        b: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      }),
    ],
    [
      'a gap between two tensors',
      file(
        {
          a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
          b: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
        },
        new Uint8Array(12),
      ),
    ],
    [
      'bytes that are no tensor',
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(8)),
    ],
    [
      'a tensor named twice',
      file(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
      ),
    ],
    ['a type that every object has', file({ a: { dtype: 'constructor', shape: [1], data_offsets: [0, 4] } })],
    ['a file of three bytes', fromBytes(new Uint8Array(3), 'x')],
  ])('refuses %s with a typed error', async (_, source) => {
    const error = await readSafetensors(source).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AlibiError);
    expect(error).toMatchObject({ tag: 'InvalidInput' });
  });
});
