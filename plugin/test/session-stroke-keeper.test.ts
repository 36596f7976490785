import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlibiError } from '../src/errors.ts';
import { type KeepingPlace, StrokeKeeper } from '../src/session-stroke-keeper.ts';
import type { Session } from '../src/session-types.ts';
import { createNodeStore } from '../src/stores/node-fs.ts';
import { fakeImage, fakeSession } from './ui/fake-session.ts';

const red = { name: 'red', color: 'ff0000' };
const line = { classIndex: 0, radiusPx: 3.5, points: [10.5, 20, 30, 40.25], z: 2, t: 0 };
const area = {
  classIndex: 1,
  radiusPx: 1,
  points: [],
  rings: [
    [100, 100, 200, 100, 200, 200, 100, 200],
    [120, 120, 140, 120, 140, 140],
  ],
  z: 0,
  t: 0,
};
const eraser = { ...line, classIndex: null, group: 'g' };
const plain = (session: Session) => session.strokes.map(({ id: _, ...stroke }) => stroke);

describe('strokes kept beyond the tab', () => {
  let folder = '';
  let place: KeepingPlace;
  const open: StrokeKeeper[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-kept-'));
    const store = async () => createNodeStore(folder);
    place = { find: store, open: store };
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((keeper) => keeper.close()));
    await rm(folder, { recursive: true });
  });

  async function visit(session: Session = fakeSession()) {
    const keeper = new StrokeKeeper(session, place);
    open.push(keeper);
    await keeper.looked;
    return { session, keeper };
  }
  async function paint() {
    const { session, keeper } = await visit();
    // Two classes of one name, as a person can make them.
    for (const color of ['ff0000', '00ff00']) session.addClass({ name: 'red', color });
    for (const stroke of [line, area, eraser]) session.stroke(stroke);
    await keeper.flush();
    return { session, keeper };
  }
  const files = () => readdir(folder);
  const offered = (keeper: StrokeKeeper) =>
    keeper.offer.kind === 'strokes' ? keeper.offer.kept.strokes.length : keeper.offer.kind;

  it('come back as they were, when asked for, as one step for undo', async () => {
    const before = Date.now();
    await paint();
    const { session, keeper } = await visit();
    expect(session.strokes).toEqual([]);
    expect(session.classes).toEqual([]);
    expect(offered(keeper)).toBe(3);
    if (keeper.offer.kind === 'strokes') {
      expect(keeper.offer.kept.savedMs).toBeGreaterThanOrEqual(before);
      expect(keeper.offer.kept.savedMs).toBeLessThanOrEqual(Date.now());
    }
    await keeper.accept();
    expect(plain(session)).toEqual([line, area, eraser]);
    expect(session.classes.map(({ color }) => color)).toEqual(['ff0000', '00ff00']);
    expect(offered(keeper)).toBe('none');
    expect(await files()).toHaveLength(1);
    session.undo();
    expect(session.strokes).toEqual([]);
  });

  it('are added to what was painted before the answer; neither is lost before it', async () => {
    await paint();
    const { session, keeper } = await visit();
    session.addClass({ name: 'blue', color: '0000ff' });
    session.addClass(red);
    session.stroke({ ...line, classIndex: 1 });
    await keeper.flush();
    expect(await files()).toHaveLength(2);
    await keeper.accept();
    // `red` is there; the other one of the name is new.
    expect(session.classes.map(({ name, color }) => [name, color])).toEqual([
      ['blue', '0000ff'],
      ['red', 'ff0000'],
      ['red', '00ff00'],
    ]);
    expect(session.strokes.map(({ classIndex }) => classIndex)).toEqual([1, 1, 2, null]);
    expect(await files()).toHaveLength(1);
    expect(offered((await visit()).keeper)).toBe(4);
  });

  it('keep company with slices found right, which are kept without any stroke too', async () => {
    const first = await visit();
    first.session.review.set({ z: 2, t: 0 }, true);
    first.session.review.set({ z: 1, t: 0 }, true);
    await first.keeper.flush();
    expect(await files()).toHaveLength(1);
    const { session, keeper } = await visit();
    expect(keeper.offer.kind === 'strokes' && keeper.offer.kept.reviewed).toEqual([
      { z: 1, t: 0 },
      { z: 2, t: 0 },
    ]);
    expect(offered(keeper)).toBe(0);
    session.review.set({ z: 3, t: 0 }, true);
    await keeper.accept();
    expect(session.review.slices.map(({ z }) => z)).toEqual([1, 2, 3]);
    expect(await files()).toHaveLength(1);
    for (const slice of session.review.slices) session.review.set(slice, false);
    await keeper.flush();
    expect(await files()).toEqual([]);
  });

  it('of several visits are offered one after the other, and discarded for good', async () => {
    await paint();
    const second = await visit();
    second.session.addClass(red);
    second.session.stroke(line);
    await second.keeper.flush();
    const { keeper, session } = await visit();
    expect(offered(keeper)).toBe(1);
    await keeper.discard();
    expect(offered(keeper)).toBe(3);
    await keeper.discard();
    expect(offered(keeper)).toBe('none');
    expect(session.strokes).toEqual([]);
    expect(await files()).toEqual([]);
  });

  it('are written a moment after a change without being told, and go when they are cleared', async () => {
    const { session } = await visit();
    session.addClass(red);
    session.stroke(line);
    await expect.poll(files, { timeout: 10_000 }).toHaveLength(1);
    session.clearStrokes();
    await expect.poll(files, { timeout: 10_000 }).toHaveLength(0);
  });

  it('are those of the image: neither another address nor other metadata', async () => {
    await paint();
    const image = fakeImage();
    for (const other of [
      { ...image, location: 'http://localhost/other.zarr' },
      { ...image, metadataHash: '1'.repeat(64) },
    ]) {
      expect(offered((await visit(fakeSession({ image: other }))).keeper)).toBe('none');
    }
    const signed = { ...image, location: `${image.location}?X-Amz-Signature=1` };
    expect(offered((await visit(fakeSession({ image: signed }))).keeper)).toBe(3);
  });

  it('of 16 visits are kept; those begun longest ago go, but never what is on offer', async () => {
    await paint();
    const [own = ''] = await files();
    const text = await readFile(join(folder, own), 'utf8');
    const name = (millis: number) => `${'ab'.repeat(16)}-${String(millis).padStart(15, '0')}-0000.json`;
    for (let i = 1; i <= 16; i++) await writeFile(join(folder, name(i)), text);
    await writeFile(join(folder, 'not-ours.txt'), 'x');
    await rm(join(folder, own));
    const oldest = own.replace(/-\d{15}-/, `-${'0'.repeat(15)}-`);
    await writeFile(join(folder, oldest), text);
    const { session, keeper } = await visit();
    expect(offered(keeper)).toBe(3);
    session.addClass(red);
    session.stroke(line);
    await keeper.flush();
    const left = await files();
    expect(left).toContain(oldest);
    expect(left).toContain('not-ours.txt');
    expect(left).not.toContain(name(1));
    expect(left).toContain(name(2));
    // 15 others, what is on offer, this visit's, and what is none of ours.
    expect(left).toHaveLength(18);
  });

  it.each([
    ['no JSON', () => '{"format":'],
    ['bytes that are no text', () => Buffer.from([0xff, 0xfe, 0x00])],
    ['another format', (text: string) => text.replace('kept-strokes/1', 'kept-strokes/2')],
    ['a class that is not there', (text: string) => text.replace('"name":"2"', '"name":"7"')],
    [
      'a time that is none',
      (text: string) => text.replace(/"saved":"[^"]*"/, '"saved":"2026-99-99T00:00:00.000Z"'),
    ],
    ['strokes outside the image', (text: string) => text.replace(/\d+(\.\d+)?(?=[,\]])/g, '99999')],
    ['no strokes', (text: string) => text.replace(/"features":.*/, '"features":[]}}')],
    [
      'slices outside the image alone',
      (text: string) => text.replace(/"features":.*/, '"features":[]},"reviewed":[{"z":4,"t":0}]}'),
    ],
    ['slices that are none', (text: string) => text.replace(/}$/, ',"reviewed":[{"z":-1,"t":0}]}')],
    ['deep nesting', () => '['.repeat(200_000)],
    ['a prototype', (text: string) => text.replace('{', '{"__proto__":{"classes":[]},')],
  ])('that cannot be read (%s) are told and can be discarded; painting goes on', async (_, spoil) => {
    await paint();
    const [name = ''] = await files();
    await writeFile(join(folder, name), spoil(await readFile(join(folder, name), 'utf8')));
    const { session, keeper } = await visit();
    expect(keeper.offer.kind).toBe('damaged');
    if (keeper.offer.kind === 'damaged') {
      expect(keeper.offer.error).toBeInstanceOf(AlibiError);
      expect(keeper.offer.error.tag).toBe('InvalidInput');
    }
    await keeper.accept();
    expect(session.strokes).toEqual([]);
    session.addClass(red);
    session.stroke(line);
    await keeper.flush();
    expect(keeper.failure).toBeNull();
    expect(await files()).toHaveLength(2);
    await keeper.discard();
    expect(await files()).toHaveLength(1);
  });

  it('are not kept where there is no storage, which is told when there are some', async () => {
    const none = new AlibiError('Environment', { what: 'no storage', where: 'here', remedy: 'None.' });
    place = { find: async () => undefined, open: () => Promise.reject(none) };
    const { session, keeper } = await visit();
    await keeper.flush();
    expect(keeper.failure).toBeNull();
    expect(keeper.offer.kind).toBe('none');
    session.addClass(red);
    session.stroke(line);
    await keeper.flush();
    expect(keeper.failure).toBe(none);
    expect(session.strokes).toHaveLength(1);
  });

  it('stay where they were if they cannot be written anew', async () => {
    await paint();
    const full = new AlibiError('Environment', { what: 'the disk is full', where: 'here', remedy: 'None.' });
    place = { ...place, open: () => Promise.reject(full) };
    const { session, keeper } = await visit();
    await keeper.accept();
    expect(session.strokes).toHaveLength(3);
    expect(keeper.failure).toBe(full);
    expect(await files()).toHaveLength(1);
  });
});
