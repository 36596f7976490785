import { describe, expect, it } from 'vitest';
import { fitCamera, panBy, toPlane, zoomAt } from '../../src/ui/camera.ts';
import { scaleBar } from '../../src/ui/scale-bar.ts';
import { byteSize, duration } from '../../src/ui/words.ts';

const image = { widthPx: 4000, heightPx: 1000 };
const screen = { widthPx: 800, heightPx: 600 };

describe('camera', () => {
  it('fits the longer side', () => {
    const camera = fitCamera(image, screen);
    expect([camera.x, camera.y]).toEqual([2000, 500]);
    // 94 % of 800 screen pixels for 4000.
    expect(2 ** camera.zoom).toBeCloseTo(0.188, 10);
  });

  it('keeps the point under the pointer when zooming', () => {
    const at = { x: 100, y: 250 };
    const before = { x: 2000, y: 500, zoom: -1 };
    const after = zoomAt(before, 1.5, at, image, screen);
    const [a, b] = [toPlane(before, at, screen), toPlane(after, at, screen)];
    expect(b.x).toBeCloseTo(a.x, 8);
    expect(b.y).toBeCloseTo(a.y, 8);
  });

  it('never leaves the image', () => {
    expect(panBy({ x: 10, y: 10, zoom: 0 }, 5000, 5000, image)).toMatchObject({ x: 0, y: 0 });
  });
});

describe('scale bar', () => {
  it('is the longest of 1, 2, 5 that fits, with an SI prefix', () => {
    // 140 px of 0.25 µm are 35 µm: 20 µm is 80 px.
    expect(scaleBar(0.25, 'micrometer', 140)).toEqual({ widthPx: 80, text: '20 µm' });
    // 140 px of 10 µm are 1.4 mm.
    expect(scaleBar(10, 'micrometer', 140).text).toBe('1 mm');
    expect(scaleBar(0.3, 'nanometer', 140).text).toBe('20 nm');
  });

  it('counts pixels without a unit and shows an unknown one as it is', () => {
    expect(scaleBar(1, undefined, 140)).toEqual({ widthPx: 100, text: '100 px' });
    expect(scaleBar(1, 'parsec', 140).text).toBe('100 parsec');
  });
});

describe('words', () => {
  it('rounds times and sizes as far as they can be trusted', () => {
    expect([300, 4200, 130_000, 7_200_000].map(duration)).toEqual(['a moment', '4 s', '2 min', '2.0 h']);
    expect([999, 1500, 22_600_000, 1.2e11].map(byteSize)).toEqual(['999 B', '1.5 kB', '22.6 MB', '120 GB']);
  });
});
