import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

const forbidden = [
  ['plugin/src/array/a.ts', '../stores/http.ts'],
  ['plugin/src/array/b.ts', '../index.ts'],
  ['plugin/src/raster/a.ts', '../ome/axes.ts'],
  ['plugin/src/stores/a.ts', '../ome/axes.ts'],
  ['plugin/src/encoder/a.ts', '../pipeline/pipeline.ts'],
  ['plugin/src/encoder/b.ts', 'onnxruntime-web'],
  ['plugin/src/features/a.ts', '../segment/types.ts'],
  ['plugin/src/pipeline/a.ts', '../session.ts'],
  ['plugin/src/pipeline/b.ts', '../ui/panel.ts'],
  ['plugin/src/views/zarr/a.ts', '../deck/label-layer.ts'],
  ['plugin/src/views/zarr/b.ts', '../../worker.ts'],
  ['plugin/src/worker.ts', './session.ts'],
  ['plugin/src/node/a.ts', '../views/deck/label-layer.ts'],
  ['plugin/src/hosts/a.ts', '../ui/viewer.ts'],
  ['plugin/src/ui/a.ts', '@deck.gl/core'],
  ['plugin/src/labels/a.ts', 'zarrita'],
  ['training/src/a.ts', '../../plugin/src/errors.ts'],
] as const;

const allowed = [
  ['plugin/src/encoder/ort-web.ts', 'onnxruntime-web'],
  ['plugin/src/encoder/y.ts', '../array/region.ts'],
  ['plugin/src/encoder/session-encoder.ts', './session-encoder-parts.ts'],
  ['plugin/src/ome/y.ts', '../stores/store.ts'],
  ['plugin/src/views/deck/y.ts', '@deck.gl/core'],
  ['plugin/src/node/y.ts', '../views/zarr/as-zarr-store.ts'],
  ['plugin/src/ui/y.ts', '../session.ts'],
  ['plugin/src/array/y.ts', '../errors.ts'],
  ['training/src/y.ts', 'alibi-zarr/node'],
] as const;

/** Paths of the files whose import the rule objects to. */
const restricted = new Set<string>();
let folder: string;

// One run of the linter over a folder that looks like the repository and holds every case.
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'alibi-zarr-imports-')));
  const configuration = ['biome.json', 'biome.imports.json', '.gitignore'];
  await Promise.all(configuration.map((name) => copyFile(join(root, name), join(folder, name))));
  for (const [path, specifier] of [...forbidden, ...allowed]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `import type { A } from '${specifier}';\nexport type B = A;\n`);
  }
  const { stdout } = spawnSync(
    process.execPath,
    [
      resolve(root, 'node_modules/@biomejs/biome/bin/biome'),
      'lint',
      '--reporter=github',
      '--max-diagnostics=none',
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  for (const [, path] of stdout.matchAll(/noRestrictedImports.*?file=([^,]+),/g))
    restricted.add(relative(folder, path ?? ''));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the import direction', () => {
  it.each(forbidden)('keeps %s from importing %s', (path) => {
    expect([...restricted]).toContain(path);
  });

  it.each(allowed)('lets %s import %s', (path) => {
    expect([...restricted]).not.toContain(path);
  });
});
