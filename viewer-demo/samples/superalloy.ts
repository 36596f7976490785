import type { WriteStore } from 'alibi-zarr';
import { makeMicrostructure, microstructurePixelUm } from './microstructure.ts';
import { phase } from './phases.ts';
import { writeImage, writeLabels } from './write-image.ts';

/** A synthetic micrograph with the truth of its phases and grains, OME-Zarr 0.5, sharded. */
export async function writeSuperalloy(store: WriteStore, size: number, seed: number): Promise<void> {
  const { channels, phases, grains } = makeMicrostructure(size, seed);
  const common = {
    version: '0.5',
    pixelUm: microstructurePixelUm,
    coarsestPx: Math.min(256, size / 2),
    chunkPx: 512,
    chunksPerShard: 4,
  } as const;
  const plane = { height: size, width: size };
  await writeImage(store, '', {
    ...common,
    name: 'Synthetic nickel superalloy',
    leading: { name: 'c', type: 'channel', scale: 1 },
    planes: channels.map((data) => ({ ...plane, data })),
    channels: [
      { label: 'SE', color: 'FFFFFF', window: [40, 210] },
      { label: 'BSE', color: 'FFB454', window: [40, 210], active: false },
      { label: 'Al Kα', color: '3FA7FF', window: [20, 230], active: false },
    ],
  });
  await writeLabels(store, '', [
    {
      ...common,
      name: 'phases',
      planes: [{ ...plane, data: phases }],
      classes: [
        { id: phase.matrix, name: 'matrix γ', color: '4477aa' },
        { id: phase.secondary, name: 'secondary γ′', color: 'ee6677' },
        { id: phase.tertiary, name: 'tertiary γ′', color: 'ccbb44' },
        { id: phase.carbide, name: 'carbide', color: '66ccee' },
        { id: phase.pore, name: 'pore', color: 'aa3377' },
      ],
    },
    { ...common, name: 'grains', planes: [{ ...plane, data: grains }], classes: [] },
  ]);
}
