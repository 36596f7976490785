import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRegion } from '../src/array/region.ts';
import { openSessionInProcess } from '../src/node/open-session.ts';
import { type StoreServer, serveStore } from '../src/node/server.ts';
import { openImage } from '../src/ome/open-image.ts';
import { openLabel } from '../src/ome/open-label.ts';
import { projectText, readProject } from '../src/session-project.ts';
import { ProjectMemory } from '../src/session-project-memory.ts';
import type { Session } from '../src/session-types.ts';
import { createNodeStore } from '../src/stores/node-fs.ts';
import { call, writeTinyCheckpoint } from './node/call.ts';
import { writeHalves } from './node/halves-image.ts';

let folder = '';
let model = '';
/** The first image is served, so that it can be out of reach; the second one has pixels half as large. */
let server: StoreServer;
const second = () => join(folder, 'b.zarr');
const serve = (port = 0) => serveStore(createNodeStore(join(folder, 'a.zarr')), { mount: 'a.zarr', port });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alibi-project-'));
  model = await writeTinyCheckpoint(join(folder, 'models', 'tiny'));
  await writeHalves(folder, 'a.zarr');
  await writeHalves(folder, 'b.zarr', 25, 2);
  server = await serve();
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const line = (classIndex: number, x: number, radiusPx = 3) => ({
  ...{ classIndex, radiusPx, z: 0, t: 0 },
  points: [x, 10, x, 50],
});
const open = async (source: string, memory = new ProjectMemory()) => {
  const where = source === 'a' ? server.url : createNodeStore(second());
  const session = await openSessionInProcess({ source: where, model, memory });
  const errors: string[] = [];
  session.addEventListener('error', ({ detail }) => errors.push(detail.error.message));
  return { session, errors };
};

/** The segmentation of the present strokes. */
async function trained(session: Session) {
  const current = () => session.layers.find(({ kind, outdated }) => kind === 'classes' && !outdated);
  await expect
    .poll(() => session.work.length === 0 && current() !== undefined, { timeout: 60_000 })
    .toBe(true);
  return current()!;
}

/** A project begun on the first image, where one class is painted: alone that teaches nothing. */
async function begun(memory?: ProjectMemory) {
  const { session } = await open('a', memory);
  session.addClass({ name: 'dark', color: '112233' });
  session.addClass({ name: 'bright', color: '445566' });
  session.stroke(line(0, 12));
  session.project.begin();
  await session.train();
  const { current } = session.project;
  await session.close();
  return current!;
}

it('learns from all images, as the command line does from the file, and reads no image again that was visited', async () => {
  const memory = new ProjectMemory();
  // Both classes here, so that the samples of the first image are made while it is on show.
  const { session: first } = await open('a', memory);
  first.addClass({ name: 'dark', color: '112233' });
  first.addClass({ name: 'bright', color: '445566' });
  first.stroke(line(0, 12));
  first.stroke(line(1, 66));
  first.project.begin();
  first.review.set({ z: 0, t: 0 }, true);
  await trained(first);
  const project = first.project.current!;
  expect(project.images[0]!.reviewed).toEqual([{ z: 0, t: 0 }]);
  await first.close();
  await server.close();

  const { session, errors } = await open('b', memory);
  expect(session.openProject(project)).toBeNull();
  // Nothing is painted here yet, and it is segmented with what the other image taught.
  const before = await trained(session);
  session.stroke(line(1, 90, 6));
  const layer = await trained(session);
  expect(layer.fit?.id).not.toBe(before.fit?.id);
  expect(errors).toEqual([]);
  expect(
    session.project.images.map(({ strokes, isOnShow, state }) => [strokes, isOnShow, state.kind]),
  ).toEqual([
    [2, false, 'learned'],
    [1, true, 'learned'],
  ]);
  await session.save(layer, { name: 'viewer' });
  const file = join(folder, 'project.json');
  const { current } = session.project;
  await writeFile(
    file,
    projectText({
      ...current!,
      images: current!.images.map((image, i) => (i === 1 ? { ...image, source: second() } : image)),
    }),
  );
  await session.close();

  server = await serve(server.port);
  const outcome = await call([
    ...['segment', second(), '--name', 'cli', '--project', file],
    ...['--model', model, '--validation', 'none', '--json'],
  ]);
  expect(outcome.err).toEqual([]);
  expect(outcome.json()).toMatchObject({ factor: { y: 0.5, x: 0.5 } });
  const [viewer, cli] = [await idsOf('viewer'), await idsOf('cli')];
  const same = viewer.filter((id, i) => id === cli[i]).length;
  expect(same / viewer.length).toBeGreaterThanOrEqual(0.999);
  expect(new Set(cli)).toEqual(new Set([1, 2]));
  const again = ['reproduce', second(), '--labels', 'viewer', '--project', file, '--model', model, '--json'];
  expect((await call(again)).json()).toMatchObject({ method: 'project', agreement: 1 });
}, 240_000);

it('reads an image of a file again, and one that cannot be reached is told once, left out, and tried again when asked', async () => {
  const project = readProject(projectText(await begun()), 'project.json');
  await server.close();
  const { session, errors } = await open('b');
  session.openProject(project);
  session.stroke(line(0, 20, 6));
  session.stroke(line(1, 90, 6));
  await trained(session);
  session.stroke(line(1, 110, 6));
  const alone = await trained(session);
  expect(errors).toEqual([expect.stringMatching(/does not learn from an image of the project.*a\.zarr/s)]);
  expect(session.project.images[0]!.state).toMatchObject({ kind: 'left-out', error: { tag: 'Network' } });
  server = await serve(server.port);
  session.project.retry();
  const both = await trained(session);
  expect(session.project.images.map(({ state }) => state.kind)).toEqual(['learned', 'learned']);
  expect(session.classifier!.fit.counts[0]).toBeGreaterThan(0);
  expect(both.fit?.id).not.toBe(alone.fit?.id);
  expect(errors).toHaveLength(1);
  // Other features make what was learned worthless: it is read again.
  const pixels = { tokenScales: [], kinds: ['gaussian'] as const, sigmasPx: [0, 1] };
  await session.train({ recipe: pixels });
  const fewer = await trained(session);
  expect(session.classifier!.fit.recipe.tokens).toEqual([]);
  expect(fewer.fit?.source).toMatchObject({ images: [server.url, expect.anything()] });
  session.project.close();
  expect(session.project.current).toBeNull();
  const own = await trained(session);
  expect(own.fit?.source).not.toHaveProperty('images');
  await session.close();
}, 240_000);

it('counts only strokes inside the region of an image, and follows a class that is removed', async () => {
  const project = await begun();
  const region = { kind: 'area' as const, rings: [[0, 0, 72, 0, 72, 20, 0, 20]] };
  const [image] = project.images;
  const { session } = await open('b');
  session.openProject({ ...project, images: [{ ...image!, region }] });
  session.stroke(line(1, 90, 6));
  const half = await trained(session);
  const inside = session.classifier!.fit.counts[0]!;
  session.openProject({ ...project, images: [image!, session.project.current!.images[1]!] });
  await expect.poll(() => session.layers.every(({ id }) => id !== half.id), { timeout: 60_000 }).toBe(true);
  await trained(session);
  // Rows 10 to 50 with round ends of 3: half a disc and rows up to 20 are a quarter of it, roughly.
  expect(inside / session.classifier!.fit.counts[0]!).toBeGreaterThan(0.2);
  expect(inside / session.classifier!.fit.counts[0]!).toBeLessThan(0.35);
  session.removeClass(0);
  expect(session.project.images[0]).toMatchObject({ strokes: 0, state: { kind: 'unpainted' } });
  await session.close();
}, 240_000);

async function idsOf(name: string): Promise<Uint8Array> {
  const image = await openImage({ store: createNodeStore(second()), path: '', location: second() });
  const [level] = (await openLabel(image, name)).pyramid;
  const { data } = await readRegion(level!, { start: [0, 0], stop: level!.shape }, {});
  return Uint8Array.from(data as Uint8Array);
}
