// The import direction as Biome overrides, from the table below into biome.imports.json.
//   node scripts/generate-import-rules.mjs [--check]
import { readFile, writeFile } from 'node:fs/promises';

/** Every module of plugin/src with the modules directly below it; what lies further down follows. */
const below = {
  array: [],
  'onnx-file': [],
  raster: ['array'],
  stores: ['array'],
  ome: ['stores', 'raster'],
  encoder: ['ome', 'onnx-file'],
  features: ['encoder'],
  segment: ['features'],
  labels: ['segment'],
  pipeline: ['labels'],
  'views/zarr': ['pipeline'],
  'views/deck': ['pipeline'],
  worker: ['pipeline'],
  session: ['pipeline'],
  hosts: ['session', 'views/zarr', 'views/deck'],
  ui: ['hosts'],
  node: ['hosts'],
};
/** Exceptions: what a module may not import although it lies below. */
const never = { node: ['views/deck'] };

/** A module is a folder of plugin/src, or these files. */
const files = {
  session: ['session.ts', 'session-types.ts', 'session-colors.ts'],
  worker: ['worker.ts', 'objects-worker.ts'],
};
/** Who may know a library. */
const libraries = [
  { names: ['zarrita', '@zarrita/**'], knownTo: ['stores', 'ome', 'views/zarr'] },
  { names: ['onnxruntime-*', 'onnxruntime-*/**'], knownTo: ['onnx'] },
  { names: ['@vivjs/**', '@deck.gl/**', '@luma.gl/**'], knownTo: ['views/deck'] },
];
const libraryMessage =
  'Only encoder/ort-*.ts know ONNX Runtime, only views/deck knows Viv and deck.gl, only stores, ome and views/zarr know zarrita.';

function reachable(module, seen = new Set()) {
  for (const next of below[module]) {
    if (seen.has(next)) continue;
    seen.add(next);
    reachable(next, seen);
  }
  return seen;
}

const patterns = (module) =>
  files[module]?.map((file) => `**/${file}`) ?? [
    `**/${module}/**`,
    // Files of views/ name each other's folder without the `views/`.
    ...(module.startsWith('views/') ? [`../${module.slice('views/'.length)}/**`] : []),
  ];

function override(includes, groups) {
  const options = { patterns: groups.filter(({ group }) => group.length > 0) };
  return { includes, linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } } };
}

function rulesOf(module, includes, libraryName = module) {
  const allowed = reachable(module);
  const forbidden = Object.keys(below).filter(
    (other) => other !== module && (!allowed.has(other) || never[module]?.includes(other)),
  );
  return override(includes, [
    {
      group: [
        ...forbidden.flatMap(patterns),
        ...(module === 'node' ? [] : ['../index.ts', './index.ts']),
        '**/define.ts',
      ],
      message: `${module} may import what lies below it only: see scripts/generate-import-rules.mjs.`,
    },
    {
      group: libraries.flatMap(({ names, knownTo }) => (knownTo.includes(libraryName) ? [] : names)),
      message: libraryMessage,
    },
  ]);
}

const overrides = [
  ...Object.keys(below).map((module) =>
    rulesOf(module, files[module]?.map((file) => `plugin/src/${file}`) ?? [`plugin/src/${module}/**`]),
  ),
  rulesOf('encoder', ['plugin/src/encoder/ort-*.ts'], 'onnx'),
  override(
    ['training/**', 'viewer-demo/**', 'schemas/**'],
    [
      {
        group: ['**/plugin/**', 'alibi-zarr/src/**', 'alibi-zarr/dist/**'],
        message:
          'Other packages use the plugin through its public entries: alibi-zarr, alibi-zarr/define, alibi-zarr/node, alibi-zarr/checkpoint, alibi-zarr/command-line.',
      },
    ],
  ),
];

const target = new URL('../biome.imports.json', import.meta.url);
const text = `${JSON.stringify({ overrides }, null, 2)}\n`;
if (!process.argv.includes('--check')) {
  await writeFile(target, text);
} else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
  console.error('biome.imports.json: not what the table gives. Run: node scripts/generate-import-rules.mjs');
  process.exitCode = 1;
}
