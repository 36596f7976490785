import { expect, it } from 'vitest';

// What programs rely on: a name that leaves this list is a breaking change and goes into the changelog.
it('offers these names and no others', async () => {
  expect(Object.keys(await import('../src/index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "AlibiError",
      "asPixelSource",
      "asZarrStore",
      "cached",
      "classifierOnnx",
      "createPause",
      "createQueue",
      "fromMemory",
      "isAbort",
      "materialize",
      "openImage",
      "openSession",
      "openStore",
      "readClassifier",
      "readProject",
      "scheduled",
      "setCodecWorkers",
      "shared",
      "transposed",
      "writeClassifier",
    ]
  `);
  expect(Object.keys(await import('../src/node/index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "AlibiError",
      "asAlibiError",
      "createArrayWriter",
      "createNodeStore",
      "groupEntries",
      "imageAttributes",
      "isAbort",
      "labelAttributes",
      "labelsListing",
      "main",
      "openSessionInProcess",
      "openTiles",
      "openZarrArray",
      "serveStore",
    ]
  `);
  expect(Object.keys(await import('../src/checkpoint.ts')).sort()).toMatchInlineSnapshot(`
    [
      "AlibiError",
      "ProtobufWriter",
      "RELATIVE_TIME",
      "asAlibiError",
      "assertSafeModel",
      "createCovariance",
      "createPacer",
      "createRandom",
      "fitClusters",
      "fitLogistic",
      "fitPca",
      "isAbort",
      "linearTaps",
      "planWindows",
      "precisionTolerance",
      "projectPca",
      "protobufFields",
      "protobufNumbers",
      "reflectIndex",
      "resampleBilinear",
      "sampleIndices",
      "selfTestImage",
      "selfTestTolerance",
      "tentAt",
      "tokenPosition",
    ]
  `);
});

it('needs no deck.gl for the main entry, so that hosts with a deck.gl of their own can use it', async () => {
  const { build } = await import('esbuild');
  const result = await build({
    entryPoints: [new URL('../src/index.ts', import.meta.url).pathname],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    packages: 'external',
    conditions: ['source'],
    loader: { '.json': 'json' },
  });
  const imported = Object.values(result.metafile.outputs).flatMap(({ imports }) =>
    imports.map(({ path }) => path),
  );
  expect(imported.length).toBeGreaterThan(0);
  expect(imported.filter((path) => /deck\.gl|luma\.gl|vivjs|^lit/.test(path))).toEqual([]);
});
