import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../../src/array/memory.ts';
import { createRandom } from '../../../src/array/random.ts';
import { Outline, type Ring } from '../../../src/raster/outline.ts';
import { encodeRoi } from '../../../src/segment/contours/imagej-roi.ts';
import { type Contour, traceContours } from '../../../src/segment/contours/trace-contours.ts';

function areaOf(ring: Ring): number {
  let twice = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    twice += ring[i]! * ring[next + 1]! - ring[next]! * ring[i + 1]!;
  }
  return twice / 2;
}

/** Whether the centre of pixel (x, y) lies in a ring, by the edges a ray to the right crosses. */
function holds(ring: Ring, x: number, y: number): boolean {
  let crossings = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    const [y0, y1] = [ring[i + 1]!, ring[next + 1]!];
    if (ring[i] === ring[next] && Math.min(y0, y1) <= y && y < Math.max(y0, y1) && ring[i]! > x) crossings++;
  }
  return crossings % 2 === 1;
}

describe('contours', () => {
  it('fill exactly the pixels of their objects, over the borders of blocks, in simple rings with holes of their own', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const [depth, height, width] = [seed % 2 === 0 ? 1 : 2, 18, 140];
      const random = createRandom(seed);
      // Fine grain: corners that touch, holes that touch, islands in holes.
      const data = Uint8Array.from({ length: depth * height * width }, () =>
        random() < 0.6 ? 1 + Math.floor(random() * 2) : 0,
      );
      const labels = fromMemory(data, {
        shape: [depth, height, width],
        dtype: 'uint8',
        chunkShape: [1, 7, 30],
      });
      const filled = new Uint8Array(data.length);
      for await (const { id, t, z, polygons } of traceContours(labels)) {
        expect(t).toBe(0);
        let area = 0;
        for (const { outer, holes } of polygons) {
          area += [outer, ...holes].reduce((sum, ring) => sum + areaOf(ring), 0);
          const corners = [outer, ...holes].map((ring) =>
            Array.from({ length: ring.length / 2 }, (_, i) => `${ring[2 * i]} ${ring[2 * i + 1]}`),
          );
          if (areaOf(outer) <= 0 || holes.some((ring) => areaOf(ring) >= 0))
            expect.fail('a ring runs the wrong way');
          if (corners.some((list) => new Set(list).size < list.length)) expect.fail('a ring meets itself');
        }
        const here = data.subarray(z * height * width, (z + 1) * height * width);
        expect(area).toBe(here.filter((other) => other === id).length);
        for (let i = 0; i < here.length; i++) {
          const [x, y] = [i % width, Math.floor(i / width)];
          const owners = polygons.filter(
            ({ outer, holes }) => holds(outer, x, y) && !holes.some((hole) => holds(hole, x, y)),
          );
          if (owners.length > 1) expect.fail('two pieces hold one pixel');
          if (owners.length === 1) filled[z * height * width + i] = Number(id);
        }
      }
      expect(filled).toEqual(data);
    }
  });

  it('follow a line whatever the order of its edges', () => {
    const outline = new Outline();
    outline.add(2, 1, 2, 2);
    outline.add(0, 0, 0, 2);
    outline.add(0, 1, 3, 1);
    outline.add(2, 0, 1, 1);
    expect(outline.polygons()).toEqual([{ outer: expect.any(Array), holes: [] }]);
    expect(areaOf(outline.polygons()[0]!.outer)).toBe(2);
    expect(new Outline().polygons()).toEqual([]);
  });

  it('become ROIs with floats beside the 16 bits that large images do not fit in', () => {
    const contour: Contour = {
      id: 3,
      t: 0,
      z: 0,
      polygons: [{ outer: [40000, 5, 40002, 5, 40002, 6, 40000, 6], holes: [] }],
    };
    const bytes = encodeRoi(contour, { pixelSize: [1, 1], isStack: false });
    const view = new DataView(bytes.buffer);
    expect(String.fromCharCode(...bytes.subarray(0, 4))).toBe('Iout');
    expect(view.getUint16(16)).toBe(4);
    expect(view.getInt16(50) & 128).toBe(128);
    // 64 bytes of header, 16 of short coordinates, then x as floats.
    expect([0, 4, 8, 12].map((at) => view.getFloat32(80 + at))).toEqual([40000, 40002, 40002, 40000]);
  });
});
