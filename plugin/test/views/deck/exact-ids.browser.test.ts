import { Deck, OrthographicView } from '@deck.gl/core';
import { expect } from 'chai';
import type { DataType, LazyArray } from '../../../src/array/lazy-array.ts';
import { ChunkedOverlayLayer } from '../../../src/views/deck/chunked-overlay-layer.ts';
import { hashedColor } from '../../../src/views/deck/id-colors.ts';
import { derivedDrawLevels } from '../../../src/views/deck/layer-levels.ts';
import { functionArray } from '../../ui/fake-session.ts';

const sidePx = 8;
/** Screen pixels an element. */
const zoomPx = 16;

/** Draw ids on black, eight times eight of them, and read the screen back. */
async function draw(
  pixels: LazyArray,
  options: {
    readonly colors?: ReadonlyMap<number, readonly [number, number, number]>;
    readonly alpha?: number;
  } = {},
): Promise<(x: number, y: number) => number[]> {
  const canvas = document.createElement('canvas');
  canvas.width = sidePx * zoomPx;
  canvas.height = sidePx * zoomPx;
  document.body.append(canvas);
  let pending = -1;
  const layer = new ChunkedOverlayLayer({
    id: 'ids',
    content: 'ids',
    levels: derivedDrawLevels([{ pixels, imageLevel: 0 }], [pixels]),
    colors: options.colors ?? new Map(),
    alpha: options.alpha ?? 1,
    contourPx: 0,
    clip: [0, 0, sidePx, sidePx],
    z: 0,
    t: 0,
    onPending: (count) => {
      pending = count;
    },
  });
  let frames = 0;
  let result: Uint8Array | null = null;
  const deck = new Deck({
    canvas,
    width: canvas.width,
    height: canvas.height,
    useDevicePixels: 1,
    views: new OrthographicView({ flipY: true, controller: false }),
    viewState: { target: [sidePx / 2, sidePx / 2, 0], zoom: Math.log2(zoomPx) },
    layers: [layer],
    _animate: true,
    onAfterRender: ({ gl }: { gl: WebGL2RenderingContext }) => {
      frames = pending === 0 ? frames + 1 : 0;
      if (frames < 3 || result !== null) return;
      result = new Uint8Array(canvas.width * canvas.height * 4);
      gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, result);
    },
  });
  while (result === null) await new Promise((resolve) => setTimeout(resolve, 20));
  const screen: Uint8Array = result;
  deck.finalize();
  canvas.remove();
  // WebGL counts rows from the bottom.
  return (x, y) => [...screen.subarray(((canvas.height - 1 - y) * canvas.width + x) * 4).subarray(0, 3)];
}

/** Colours agree to the rounding of the shader's arithmetic. */
function expectColor(seen: readonly number[], expected: readonly number[]): void {
  const difference = Math.max(...seen.map((value, channel) => Math.abs(value - expected[channel]!)));
  expect(difference, `${seen} is not ${expected}`).to.be.at.most(2);
}

/** Columns of ids: each list entry is one column. */
function columns<T extends DataType>(dtype: T, ids: readonly (number | bigint)[]): LazyArray<T> {
  return functionArray({
    dtype,
    axes: ['y', 'x'],
    shape: [sidePx, sidePx],
    chunkShape: [4, 5],
    value: ([, x = 0]) => ids[x]!,
  });
}

describe('labels on the screen', () => {
  it('keeps ids apart that a 32-bit float cannot', async () => {
    const ids = [16_777_216, 16_777_217, 16_777_218, 16_777_219, 4_294_967_295, 4_294_967_294, 1, 0];
    const at = await draw(columns('uint32', ids));
    ids.forEach((id, x) => {
      const expected = id === 0 ? [0, 0, 0] : [...hashedColor(id)];
      // Both edges of the element and its middle: nothing between two ids is ever drawn.
      for (const dx of [0, zoomPx / 2, zoomPx - 1]) {
        expectColor(at(x * zoomPx + dx, 40), expected);
      }
    });
  }).timeout(30_000);

  it('keeps 64-bit ids apart that a double cannot', async () => {
    const base = 2n ** 60n;
    const ids = [base, base + 1n, base + 2n, 1n, 0n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 63n];
    const at = await draw(columns('uint64', ids));
    ids.forEach((id, x) => {
      const expected = id === 0n ? [0, 0, 0] : [...hashedColor(Number(id & 0xffffffffn), Number(id >> 32n))];
      expectColor(at(x * zoomPx + 8, 70), expected);
    });
  }).timeout(30_000);

  it('draws the colours given, hashes the rest, fades by alpha', async () => {
    const colors = new Map([[3, [255, 128, 0]]] as const);
    const at = await draw(columns('uint8', [3, 3, 0, 0, 7, 7, 255, 0]), { colors, alpha: 0.5 });
    expectColor(at(8, 8), [128, 64, 0]);
    expectColor(at(40, 8), [0, 0, 0]);
    expectColor(
      at(72, 8),
      hashedColor(7).map((value) => value / 2),
    );
  }).timeout(30_000);

  it('draws uint16 and int32 ids too', async () => {
    for (const dtype of ['uint16', 'int32'] as const) {
      const at = await draw(columns(dtype, [1, 2, 300, 40_00, 5, 6, 7, 8]));
      expectColor(at(40, 8), hashedColor(300));
    }
  }).timeout(30_000);
});
