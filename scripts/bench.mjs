// npm run bench -- <name> [--option value …] [--out file.json]
// Runs test/bench/<name>.ts against the TypeScript sources: the function it exports under its own name is called with the
// options, and what it returns is printed as JSON. Progress goes to stderr.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, inRoot, main, run, StepError } from './steps.mjs';

const folder = inRoot('test/bench');

/** Benchmarks are the files that export a function called like the file. */
async function benchmarks() {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, 'utf8')));
  return files
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((name, i) => new RegExp(`export async function ${camelCase(name)}\\b`).test(texts[i]));
}

const camelCase = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** `--rounds 5 --name x` as { rounds: 5, name: 'x' }. */
function parseOptions(args) {
  const options = {};
  for (let i = 0; i < args.length; i += 2) {
    const [, name] = /^--([\w-]+)$/.exec(args[i]) ?? [];
    if (!name || args[i + 1] === undefined)
      throw new StepError(`Options come as --name value, not "${args[i]}".`);
    const number = Number(args[i + 1]);
    options[camelCase(name)] = Number.isNaN(number) ? args[i + 1] : number;
  }
  return options;
}

/** Bundle one benchmark; it finds the repository from where its source lies. */
async function bundle(name) {
  const { build } = await import('esbuild');
  const sourceUrl = {
    name: 'source-url',
    setup(builder) {
      builder.onLoad({ filter: /(plugin|training|schemas|test)\/.*\.ts$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replaceAll(
          'import.meta.url',
          JSON.stringify(pathToFileURL(path).href),
        ),
        loader: 'ts',
      }));
    },
  };
  const result = await build({
    entryPoints: [`${folder}/${name}.ts`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['source'],
    external: [
      'onnxruntime-node',
      'onnxruntime-web',
      'onnxruntime-web/*',
      'playwright-core',
      'vite',
      'esbuild',
    ],
    banner: {
      // Under a name of our own: a bundled library may import it too.
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [sourceUrl],
    write: false,
    logLevel: 'error',
  });
  const cache = inRoot('node_modules/.cache/alibi-zarr');
  await mkdir(cache, { recursive: true });
  const script = `${cache}/bench-${name}.mjs`;
  await writeFile(script, result.outputFiles[0].contents);
  return script;
}

await main(async ([name, ...args]) => {
  const names = await benchmarks();
  if (!names.includes(name)) {
    throw new StepError(
      `${name ? `There is no benchmark "${name}". ` : ''}npm run bench -- ${names.join(' | ')}`,
    );
  }
  const { out, ...options } = parseOptions(args);
  await ensureInstalled();
  const script = await bundle(name);
  // A process of its own, so that its memory is the benchmark's alone.
  const runner = `
    const { ${camelCase(name)}: bench } = await import(${JSON.stringify(pathToFileURL(script).href)});
    const result = await bench(${JSON.stringify(options)});
    const machine = { node: process.version, cores: ${cpus().length}, cpu: ${JSON.stringify(cpus()[0]?.model ?? '')} };
    const text = JSON.stringify({ bench: ${JSON.stringify(name)}, machine, result }, null, 2);
    console.log(text);
    const out = ${JSON.stringify(out ?? null)};
    if (out !== null) (await import('node:fs')).writeFileSync(String(out), text + '\\n');
    process.exit(0);`;
  return (await run(process.execPath, ['--expose-gc', '--input-type=module', '-e', runner])).code;
});
