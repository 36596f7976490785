import { expect } from 'chai';
import { AlibiError } from '../../src/errors.ts';
import { objectsInWorker } from '../../src/pipeline/connect-objects.ts';
import type { Column } from '../../src/segment/measure/columns.ts';
import { createMemoryTable } from '../../src/segment/tables/memory-table.ts';
import { defineElements } from '../../src/ui/elements.ts';
import type { AlibiZarrViewer } from '../../src/ui/viewer-element.ts';
import { fakeImage, fakeSession, functionArray } from './fake-session.ts';
import { find, findAll, point, show, until } from './viewer-page.ts';

defineElements();

const frame = () => new Promise((resolve) => setTimeout(resolve, 60));
const engine = objectsInWorker(
  () => new Worker(new URL('../../src/objects-worker.js', import.meta.url), { type: 'module' }),
);

/** Discs of class 2 on class 1: 8 × 8 of them, 32 pixels apart, of radius 4 in odd and 8 in even columns. */
function discs(x: number, y: number): 1 | 2 {
  const column = Math.floor(x / 32);
  const radius = column % 2 === 1 ? 4 : 8;
  return Math.hypot((x % 32) - 16, (y % 32) - 16) < radius ? 2 : 1;
}

/** A viewer of a plane of 256 pixels whose segmentation is {@link discs}. */
async function withDiscs() {
  const base = fakeImage({ sizePx: 256, z: 1 });
  const plane = functionArray({
    dtype: 'uint16',
    axes: ['c', 'z', 'y', 'x'],
    shape: [1, 1, 256, 256],
    chunkShape: [1, 1, 128, 128],
    transform: { scale: [1, 1, 0.5, 0.5], translation: [0, 0, 0, 0] },
    value: ([, , y = 0, x = 0]) => 100 * discs(x, y),
  });
  const image = {
    ...base,
    // The fake session's clusters are of a second level.
    pixels: [plane, base.pixels[1]!],
    levels: [{ ...base.levels[0]!, shape: plane.shape, transform: plane.transform }, base.levels[1]!],
    channels: base.channels.slice(0, 1),
  };
  const session = fakeSession({ image, engine });
  const viewer = await show(async () => session);
  await until(() => viewer.camera !== null);
  const layer = await session.clusters({ k: 2 });
  Object.assign(layer, {
    names: new Map([
      [1, 'matrix'],
      [2, 'discs'],
    ]),
    levels: [
      {
        imageLevel: 0,
        pixels: functionArray({
          dtype: 'uint8',
          axes: ['z', 'y', 'x'],
          shape: [1, 256, 256],
          chunkShape: [1, 128, 128],
          transform: { scale: [1, 0.5, 0.5], translation: [0, 0, 0] },
          value: ([, y = 0, x = 0]) => discs(x, y),
        }),
      },
    ],
  });
  session.emit('layers');
  await frame();
  return { session, viewer, layer };
}

const lines = (viewer: AlibiZarrViewer) => findAll(viewer, '.line', HTMLElement);
const cells = (line: Element | undefined) =>
  [...(line?.children ?? [])].map(({ textContent }) => textContent);
const displayOf = (viewer: AlibiZarrViewer) => {
  if (viewer.state.kind !== 'open') throw new Error('no image is open');
  return viewer.state.workspace.display;
};

async function choose(viewer: AlibiZarrViewer, selector: string, value: string): Promise<void> {
  const select = find(viewer, selector, HTMLSelectElement);
  select.value = value;
  select.dispatchEvent(new Event('change'));
  await frame();
}

async function measured() {
  const made = await withDiscs();
  await choose(made.viewer, '#only', '2');
  find(made.viewer, '#find', HTMLButtonElement).click();
  await until(() => lines(made.viewer).length > 0);
  return made;
}

describe('objects', () => {
  after(() => engine.close());
  afterEach(() => {
    for (const viewer of document.querySelectorAll('alibi-zarr-viewer')) viewer.remove();
  });

  it('are found in one class by the worker, listed with their measurements, and can be saved', async () => {
    const { session, viewer } = await measured();
    expect(session.layers.map(({ kind }) => kind)).to.deep.equal(['clusters', 'instances']);
    const grid = find(viewer, '[role=grid]', HTMLElement);
    // 64 discs and the head.
    expect(grid.getAttribute('aria-rowcount')).to.equal('65');
    const [label, area, pixels] = cells(lines(viewer)[0]);
    expect(label).to.equal('1');
    // Pixels nearer than 8 to the middle of a disc: counted here as the class itself is defined. A pixel is 0.25 µm².
    let expected = 0;
    for (let y = 0; y < 32; y++) for (let x = 0; x < 32; x++) if (discs(x, y) === 2) expected++;
    expect([area, pixels]).to.deep.equal([String(expected / 4), String(expected)]);
    expect(findAll(viewer, '[aria-label="Save Objects: discs"]', HTMLButtonElement)).to.have.length(1);
    expect(displayOf(viewer).layer('clusters').visible).to.equal(false);
  });

  it('are sorted by a measurement; a row that is clicked moves the view to its object', async () => {
    const { viewer } = await measured();
    const head = findAll(viewer, '[role=columnheader] button', HTMLButtonElement).find(
      ({ textContent }) => textContent?.trim() === 'area',
    );
    head?.click();
    await frame();
    expect(Number(cells(lines(viewer)[0])[1])).to.be.greaterThan(40);
    head?.click();
    await frame();
    expect(Number(cells(lines(viewer)[0])[1])).to.be.lessThan(15);
    // Ids are in the order of first pixels: in each row of discs the four large ones begin above the four small ones. Of equal
    // areas the first id comes first: the small disc of the second column, whose middle is at (48, 16).
    expect(cells(lines(viewer)[0])[0]).to.equal('5');
    lines(viewer)[0]?.click();
    await frame();
    expect(viewer.camera?.x).to.be.closeTo(48, 1);
    expect(viewer.camera?.y).to.be.closeTo(16, 1);
    expect(lines(viewer)[0]?.getAttribute('aria-selected')).to.equal('true');
    find(viewer, '[role=grid]', HTMLElement).dispatchEvent(
      new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, composed: true, cancelable: true }),
    );
    await frame();
    expect(viewer.camera?.x).to.be.closeTo(112, 1);
  });

  it('are selected in the table when they are clicked in the picture', async () => {
    const { viewer } = await measured();
    displayOf(viewer).lookAt({ x: 208, y: 240, z: 0, t: 0, sizePx: 16 });
    await until(() => displayOf(viewer).state.pending.size === 0);
    await frame();
    const { clientWidth, clientHeight } = find(viewer, '#strokes', HTMLCanvasElement);
    await until(() => {
      for (const type of ['pointerdown', 'pointerup'])
        point(viewer, type, [clientWidth / 2, clientHeight / 2]);
      return displayOf(viewer).state.objects.row !== null;
    });
    await frame();
    // The fourth large one of row 7: 8 · 7 + 4.
    const selected = lines(viewer).find((line) => line.getAttribute('aria-selected') === 'true');
    expect(cells(selected)[0]).to.equal('60');
  });

  it('are coloured by a measurement', async () => {
    const { viewer } = await measured();
    await choose(viewer, '#color-by', 'area');
    const range = find(viewer, '[role=img]', HTMLElement).getAttribute('aria-label');
    const areas = findAll(viewer, '.line', HTMLElement).map((line) => Number(cells(line)[1]));
    expect(range).to.equal(`Colours from ${Math.min(...areas)} to ${Math.max(...areas)}`);
  });

  it('are filtered by size', async () => {
    const { viewer } = await withDiscs();
    await choose(viewer, '#only', '2');
    const least = find(viewer, '#minSize', HTMLInputElement);
    // µm²: the small discs have about 12, the large ones about 49.
    least.value = '20';
    least.dispatchEvent(new Event('input'));
    find(viewer, '#find', HTMLButtonElement).click();
    await until(() => lines(viewer).length > 0);
    expect(find(viewer, '[role=grid]', HTMLElement).getAttribute('aria-rowcount')).to.equal('33');
  });

  it('are written as CSV, Parquet and GeoJSON', async () => {
    const { session } = await measured();
    const layer = session.layers.at(-1)!;
    const csv = (await (await session.objects.write(layer, 'csv')).text()).trim().split('\n');
    expect(csv).to.have.length(65);
    expect(csv[0]?.startsWith('label,area,num_pixels,')).to.equal(true);
    const parquet = new Uint8Array(await (await session.objects.write(layer, 'parquet')).arrayBuffer());
    const ends = [parquet.subarray(0, 4), parquet.subarray(-4)].map((bytes) =>
      new TextDecoder().decode(bytes),
    );
    expect(ends).to.deep.equal(['PAR1', 'PAR1']);
    const outlines = JSON.parse(await (await session.objects.write(layer, 'geojson')).text());
    expect(outlines.features).to.have.length(64);
  });

  it('of labels too large for a page are left to the command line, which is named', async () => {
    const { session, viewer, layer } = await withDiscs();
    const huge = { ...session.image.pixels[0]!, shape: [1, 1, 2 ** 16, 2 ** 16] };
    Object.assign(session.image, { pixels: [huge, huge] });
    session.emit('layers');
    await frame();
    const commands = findAll(viewer, 'alibi-zarr-objects code, code', HTMLElement).map(
      ({ textContent }) => textContent,
    );
    expect(commands[0]).to.include('alibi-zarr instances');
    expect(commands[1]).to.include('alibi-zarr measure');
    expect(findAll(viewer, '#find', HTMLButtonElement)).to.have.length(0);
    const refused = await session.objects
      .find(layer, { method: 'components' })
      .catch((error: unknown) => error);
    expect(refused instanceof AlibiError && refused.message).to.include('alibi-zarr instances');
  });

  it('are a hundred thousand in a table that holds the rows in sight only', async () => {
    const { session, viewer, layer } = await withDiscs();
    const column = (name: string, type: Column['type']): Column => ({
      name,
      type,
      unit: '',
      description: '',
    });
    const table = createMemoryTable(
      [
        column('label', 'id'),
        column('area', 'number'),
        ...['bbox_x0', 'bbox_y0', 'bbox_x1', 'bbox_y1'].map((name) => column(name, 'integer')),
      ],
      {},
    );
    const count = 100_000;
    table.add({
      ids: Array.from({ length: count }, (_, i) => i + 1),
      columns: [
        new Float64Array(),
        // Every area once, in an order of its own: 7,919 and 100,000 have no common divisor.
        Float64Array.from({ length: count }, (_, i) => (i * 7919) % count),
        ...[10, 10, 20, 20].map((edge) => new Float64Array(count).fill(edge)),
      ],
    });
    const finished = table.finish();
    session.objects.tableOf = () => finished;
    displayOf(viewer).update({ objects: { layerId: layer.id, row: null, colorBy: null } });
    await frame();
    const grid = find(viewer, '[role=grid]', HTMLElement);
    expect(grid.getAttribute('aria-rowcount')).to.equal('100001');
    expect(lines(viewer).length).to.be.lessThan(60);
    findAll(viewer, '[role=columnheader] button', HTMLButtonElement)[1]?.click();
    await frame();
    expect(cells(lines(viewer)[0])[1]).to.equal('99999');
    grid.scrollTop = grid.scrollHeight;
    await until(() => cells(lines(viewer).at(-1))[1] === '0');
    expect(lines(viewer).length).to.be.lessThan(60);
    // Selecting elsewhere brings the row into sight, wherever the order has put it.
    displayOf(viewer).update({ objects: { layerId: layer.id, row: 0, colorBy: null } });
    await until(() => lines(viewer).some((line) => line.getAttribute('aria-selected') === 'true'));
  });
});
