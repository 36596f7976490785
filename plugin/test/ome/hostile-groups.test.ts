import { describe, expect, it } from 'vitest';
import { openImage } from '../../src/ome/open-image.ts';
import { openNode } from '../../src/ome/open-node.ts';
import { validateStore } from '../../src/ome/validate.ts';
import { image04, memory, zarray } from './memory-image.ts';

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it should have been refused'),
    (error: unknown) => error,
  );

describe('a store that holds itself', () => {
  it('as its own label: validation ends and says so', async () => {
    const at = memory({
      ...image04('yx', [[4, 4]]),
      '/labels/.zgroup': {},
      '/labels/.zattrs': { labels: ['self'] },
    });
    // A link /labels/self -> /: every path below it is one from the root.
    const linked = {
      get: (key: `/${string}`) => at.store.get(`/${key.slice(1).replaceAll('labels/self/', '')}`),
    };
    const { valid, problems } = await validateStore({ ...at, store: linked });
    expect(valid).toBe(false);
    expect(problems.map(({ what }) => what)).toContain('lies more than 8 groups deep');
  });

  it('many times over: validation gives up with the problems it has', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `self${i}`);
    const at = memory({
      ...image04('yx', [[4, 4]]),
      '/labels/.zgroup': {},
      '/labels/.zattrs': { labels: names },
    });
    let reads = 0;
    const linked = {
      get: (key: `/${string}`) => {
        reads++;
        return at.store.get(`/${key.slice(1).replaceAll(/labels\/self\d+\//g, '')}`);
      },
    };
    const { problems } = await validateStore({ ...at, store: linked });
    expect(problems).toHaveLength(100);
    // 30^8 groups lie below; as many are read as it takes to find a hundred too deep.
    expect(reads).toBeLessThan(20_000);
  });
});

describe('numbers that no image has', () => {
  it('2^50 channels: refused before any is described', async () => {
    const files = image04('cyx', [[2 ** 50, 4, 4]]);
    const at = memory({ ...files, '/0/.zarray': zarray([2 ** 50, 4, 4], '|u1', [1, 4, 4]) });
    expect(await refusal(openImage(at))).toMatchObject({
      tag: 'UnsupportedFormat',
      what: `the image has ${2 ** 50} channels`,
    });
  });

  it('4,096 channels of 16 bits without contrast limits: described within the memory of a few', async () => {
    const files = image04('cyx', [[4096, 4, 4]], { dtype: '<u2' });
    const at = memory({ ...files, '/0/.zarray': zarray([4096, 4, 4], '<u2', [4096, 4, 4]) });
    globalThis.gc?.();
    const { channels } = await openImage(at);
    expect(channels).toHaveLength(4096);
    // All histograms at once would take 65,536 × 8 bytes × 4,096 channels: 2 GiB.
    expect(process.memoryUsage().rss).toBeLessThan(1.2 * 2 ** 30);
  });

  it('3,000 levels: refused', async () => {
    const at = memory(
      image04(
        'yx',
        Array.from({ length: 3000 }, () => [4, 4]),
      ),
    );
    expect(await refusal(openImage(at))).toMatchObject({
      tag: 'InvalidInput',
      what: 'multiscales[0].datasets has 3000 entries',
    });
  });

  it('a plate of 40,000 wells in as many rows opens and is validated in time that grows with their number', {
    timeout: 60_000,
  }, async () => {
    const names = Array.from({ length: 40_000 }, (_, i) => ({ name: `R${i}` }));
    const wells = names.map(({ name }, i) => ({ path: `${name}/1`, rowIndex: i, columnIndex: 0 }));
    const plate = { version: '0.4', rows: names, columns: [{ name: '1' }], wells };
    const at = memory({ '/.zgroup': { zarr_format: 2 }, '/.zattrs': { plate } });
    const node = await openNode(at);
    expect(node.kind === 'plate' && node.plate.wells[39_999]).toMatchObject({
      row: 'R39999',
      rowIndex: 39_999,
    });
    expect((await validateStore(at)).problems).toHaveLength(100);
  });
});
