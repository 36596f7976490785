import type { WriteStore } from 'alibi-zarr';
import { paintBodies, paintLabels, paintNuclei, scatterCells } from './cells.ts';
import { createRandom } from './random.ts';
import { writeGroup, writeImage, writeLabels } from './write-image.ts';

const rows = ['A', 'B'];
const columns = ['1', '2', '3'];
const fields = ['0', '1'];

/** A plate of 2×3 wells with two fields each, OME-Zarr 0.4; wells to the right hold more cells. */
export async function writePlate(store: WriteStore, size: number, seed: number): Promise<void> {
  const wells = rows.flatMap((row, rowIndex) =>
    columns.map((column, columnIndex) => ({ path: `${row}/${column}`, rowIndex, columnIndex })),
  );
  for (const well of wells) {
    for (const field of fields) {
      const random = createRandom(seed + 1000 * well.rowIndex + 100 * well.columnIndex + Number(field));
      const density = (14 + 17 * well.columnIndex + 6 * well.rowIndex) * (size / 256) ** 2;
      const cells = scatterCells(random, size, Math.round(density));
      const path = `/${well.path}/${field}`;
      const common = {
        version: '0.4',
        pixelUm: 0.65,
        coarsestPx: Math.min(256, size / 2),
        chunkPx: 256,
      } as const;
      await writeImage(store, path, {
        ...common,
        name: `${well.path.replace('/', '')} field ${field}`,
        leading: { name: 'c', type: 'channel', scale: 1 },
        planes: [paintNuclei(random, cells, size), paintBodies(random, cells, size)],
        channels: [
          { label: 'Nuclei', color: '4F7DFF', window: [300, 9500] },
          { label: 'Cell body', color: '39D98A', window: [380, 5600] },
        ],
      });
      await writeLabels(store, path, [
        { ...common, name: 'nuclei', planes: [paintLabels(cells, size)], classes: [] },
      ]);
    }
    const images = fields.map((path) => ({ path, acquisition: 0 }));
    await writeGroup(store, `/${well.path}`, '0.4', { well: { version: '0.4', images } });
  }
  for (const row of rows) await writeGroup(store, `/${row}`, '0.4', {});
  await writeGroup(store, '', '0.4', {
    plate: {
      version: '0.4',
      name: 'Synthetic plate',
      acquisitions: [{ id: 0, name: 'Synthetic', maximumfieldcount: fields.length }],
      columns: columns.map((name) => ({ name })),
      rows: rows.map((name) => ({ name })),
      wells,
      field_count: fields.length,
    },
  });
}
