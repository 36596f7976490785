import { type Chunk, createData, type LabelType, type LazyArray } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';

const widths: readonly (readonly [LabelType, number])[] = [
  ['uint8', 2 ** 8 - 1],
  ['uint16', 2 ** 16 - 1],
  ['uint32', 2 ** 32 - 1],
  ['uint64', Number.MAX_SAFE_INTEGER],
];

/** The narrowest type that holds ids up to `maxId`, and none wider than the labels' own. */
export function labelWidth(own: LabelType, maxId: number | undefined): LabelType {
  const needed = maxId === undefined ? undefined : widths.find(([, largest]) => maxId <= largest)?.[0];
  const order = widths.map(([type]) => type);
  return needed === undefined || order.indexOf(needed) > order.indexOf(own) ? own : needed;
}

/**
 * Labels with ids of a narrower type.
 *
 * @throws AlibiError Integrity  of a chunk, with an id that the type cannot hold: none is ever changed
 */
export function narrowed(labels: LazyArray<LabelType>, dtype: LabelType): LazyArray<LabelType> {
  // Nothing is wider than uint64, so that it is never narrowed to.
  if (labels.dtype === dtype || dtype === 'uint64') return labels;
  const { axes, shape, chunkShape, transform } = labels;
  const largest = widths.find(([type]) => type === dtype)![1];
  return {
    axes,
    shape,
    chunkShape,
    dtype,
    fillValue: 0,
    transform,
    get revision() {
      return labels.revision;
    },
    async getChunk(index, options): Promise<Chunk<LabelType>> {
      const { data, shape } = await labels.getChunk(index, options);
      const ids = createData(dtype, data.length);
      for (let i = 0; i < data.length; i++) {
        const id = data[i]!;
        if (id > largest) throw tooLarge(id, dtype, index);
        ids[i] = Number(id);
      }
      return { data: ids, shape };
    },
  };
}

function tooLarge(id: number | bigint, dtype: LabelType, index: readonly number[]): AlibiError {
  return new AlibiError('Integrity', {
    what: `the id ${id} does not fit into ${dtype}`,
    where: `chunk ${index.join(', ')} of the labels`,
    remedy: 'Say the largest id there is, or none, when saving.',
  });
}
