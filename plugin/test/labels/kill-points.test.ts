import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegion } from '../../src/array/region.ts';
import { Journal } from '../../src/labels/journal.ts';
import { materialize } from '../../src/labels/materialize.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import {
  type KillScenario,
  killScenarios,
  newId,
  oldId,
  saveInput,
  writeScenarioImage,
} from './kill-scenario.ts';

const run = promisify(execFile);

/**
 * How many of all points are tried: 20, spread evenly, or what ALIBI_KILL_POINTS says (`all`, or a number).
 * All of them take some minutes: each is a process of its own that dies by SIGKILL.
 */
const asked = process.env.ALIBI_KILL_POINTS ?? '20';

interface Point {
  readonly scenario: KillScenario;
  readonly n: number;
  readonly how: 'before' | 'during';
}

describe('a save that is killed', () => {
  let folder = '';
  let script = '';
  const points: Point[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-killed-'));
    script = join(folder, 'killed-save.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('killed-save.ts', import.meta.url))],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
    });
    for (const [i, scenario] of killScenarios.entries()) {
      const origin = originOf(i);
      const store = createNodeStore(origin);
      const image = await writeScenarioImage(store, scenario);
      if (scenario.replace)
        await materialize({ ...saveInput(image, scenario, oldId), overwrite: false, target: store });
      const lives = join(folder, 'lives');
      await cp(origin, lives, { recursive: true });
      const { stdout } = await run(process.execPath, [script, lives, JSON.stringify(scenario), '0']);
      await rm(lives, { recursive: true });
      for (let n = 1; n <= Number(stdout); n++)
        for (const how of ['before', 'during'] as const) points.push({ scenario, n, how });
    }
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const originOf = (i: number) => join(folder, `origin-${i}`);

  it('has at least 200 points to die at', () => {
    expect(points.filter(({ how }) => how === 'before').length).toBeGreaterThanOrEqual(200);
  });

  it(`leaves the old labels or none, and is finished without doing anything twice (${asked} points)`, async () => {
    const count = asked === 'all' ? points.length : Number(asked);
    const step = points.length / count;
    const chosen = Array.from({ length: count }, (_, i) => points[Math.floor((i + 0.5) * step)]!);
    const seen = new Map<string, number>();
    for (const point of chosen) {
      const found = await dieAndResume(point);
      seen.set(found, (seen.get(found) ?? 0) + 1);
    }
    console.info(`${chosen.length} kill points; a reader found ${JSON.stringify(Object.fromEntries(seen))}`);
    expect(seen.get('lived') ?? 0).toBeLessThan(chosen.length / 10);
    expect(seen.get('none')).toBeGreaterThan(0);
    expect(seen.get('old')).toBeGreaterThan(0);
  }, 1_200_000);

  /** @returns what a reader found after the kill */
  async function dieAndResume({ scenario, n, how }: Point): Promise<'none' | 'old' | 'new' | 'lived'> {
    const where = `${JSON.stringify(scenario)}, ${how} operation ${n}`;
    const copy = join(folder, 'copy');
    await cp(originOf(killScenarios.indexOf(scenario)), copy, { recursive: true });
    const died = await run(process.execPath, [script, copy, JSON.stringify(scenario), String(n), how]).then(
      () => 'lived',
      (error: { signal?: string }) => error.signal,
    );
    const store = createNodeStore(copy);
    const found = await whatIsThere(copy);
    // Entries of the journal that come together are one write: a run may have a few operations fewer than another.
    if (died === 'lived') {
      expect(found, where).toBe('new');
      await rm(copy, { recursive: true });
      return 'lived';
    }
    expect(died, where).toBe('SIGKILL');
    expect([scenario.replace ? 'old' : 'none', 'new'], where).toContain(found);
    const journal = await Journal.read(store, '/labels/phases');
    const finished = [...(journal?.finished.values() ?? [])].filter(({ key }) => /rev-[^/]+\/0\//.test(key));
    const image = await openImage({ store, path: '', location: copy });
    const input = saveInput(image, scenario);
    let made = 0;
    const labels = {
      ...input.labels,
      revision: 0,
      getChunk: (...args: Parameters<typeof input.labels.getChunk>) => {
        made++;
        return input.labels.getChunk(...args);
      },
    };
    const result = await materialize({ ...input, labels, target: store, resume: true });
    expect(result.validation, where).toEqual({ valid: true });
    // 6 × 5 chunks in the finest level; those of finished objects are not asked for again.
    const done = finished.reduce((sum, object) => sum + object.written + object.skipped, 0);
    const isLabel = journal !== undefined && found === 'new';
    expect(made, where).toBe(isLabel ? 0 : 30 - done);
    expect(await whatIsThere(copy), where).toBe('new');
    const left = await readdir(join(copy, 'labels/phases'));
    expect(
      left.filter((name) => name.startsWith('rev-')),
      where,
    ).toHaveLength(1);
    expect(
      left.filter((name) => /journal|tmp/.test(name)),
      where,
    ).toEqual([]);
    await rm(copy, { recursive: true });
    return found;
  }
});

/** What somebody finds who opens what the image lists: every level whole, or no label. */
async function whatIsThere(folder: string): Promise<'none' | 'old' | 'new'> {
  const image = await openImage({ store: createNodeStore(folder), path: '', location: folder });
  if (!image.labels.some(({ name }) => name === 'phases')) return 'none';
  const label = await openLabel(image, 'phases');
  const ids = new Set<number>();
  for (const level of label.pyramid) {
    const { data } = await readRegion(level, { start: level.shape.map(() => 0), stop: level.shape }, {});
    for (const id of data) ids.add(Number(id));
  }
  expect(ids.size).toBe(1);
  return ids.has(newId) ? 'new' : 'old';
}
