import type { WriteStore } from 'alibi-zarr';
import { type Cell, paintLabels, paintNuclei, scatterCells } from './cells.ts';
import { createRandom } from './random.ts';
import { writeImage, writeLabels } from './write-image.ts';

const frames = 8;

/** Nuclei that wander over eight frames, OME-Zarr 0.5; a cell keeps its id. */
export async function writeMovie(store: WriteStore, size: number, seed: number): Promise<void> {
  const random = createRandom(seed);
  let cells: Cell[] = scatterCells(random, size, Math.round(26 * (size / 256) ** 2));
  const headings = cells.map(() => ({
    vx: random.normal() * 2.4,
    vy: random.normal() * 2.4,
    turn: random.normal() * 0.08,
  }));
  const images = [];
  const truth = [];
  for (let frame = 0; frame < frames; frame++) {
    images.push(paintNuclei(random, cells, size));
    truth.push(paintLabels(cells, size));
    cells = cells.map((cell, i) => {
      const { vx, vy, turn } = headings[i]!;
      return {
        ...cell,
        x: cell.x + vx + random.normal(),
        y: cell.y + vy + random.normal(),
        angle: cell.angle + turn,
      };
    });
  }
  const common = {
    version: '0.5',
    pixelUm: 0.65,
    coarsestPx: Math.min(256, size / 2),
    chunkPx: 256,
    leading: { name: 't', type: 'time', unit: 'minute', scale: 5 },
  } as const;
  await writeImage(store, '', {
    ...common,
    name: 'Wandering nuclei',
    planes: images,
    channels: [{ label: 'Nuclei', color: 'FFFFFF', window: [300, 9500] }],
  });
  await writeLabels(store, '', [{ ...common, name: 'nuclei', planes: truth, classes: [] }]);
}
