// npm run bench -- <name> [--option value …] [--out file.json]
// Runs test/bench/<name>.ts against the TypeScript sources: the function it exports under its own name is called with the
// options, and what it returns is printed as JSON. Progress goes to stderr.
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.mjs';
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

await main(async ([name, ...args]) => {
  const names = await benchmarks();
  if (!names.includes(name)) {
    throw new StepError(
      `${name ? `There is no benchmark "${name}". ` : ''}npm run bench -- ${names.join(' | ')}`,
    );
  }
  const { out, ...options } = parseOptions(args);
  await ensureInstalled();
  const script = await bundle(`${folder}/${name}.ts`, `bench-${name}`);
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
