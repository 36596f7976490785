// npm run fuzz: opens thousands of images, archives and checkpoints in which something is wrong, as the product opens them.
//   npm run fuzz -- [--count 10000] [--seed 1] [--from 0] [--only NUMBER] [--kinds all|documents]
// A case is a function of the seed and its number: --only runs a single one again. What must hold for every case: it ends
// within 20 seconds of processor time (and 2 minutes by the clock), nothing crashes, whatever is refused is refused with an AlibiError (never 'Internal'), and the process
// stays below 512 MiB. The cases are those of test/fuzz/fuzz-case.ts.
//
// Memory is held down by the system and measured. `ulimit -v` cannot: V8 and every WebAssembly memory reserve gigabytes of
// addresses that they never use (22 GiB here for 230 MiB in use). `ulimit -d` counts what is private and writable, and so
// leaves reservations out: with it an allocation beyond 512 MiB fails as it would under a small machine's limit, and
// fails the case. What is resident at most (getrusage) is asserted besides, which also holds where there is no ulimit.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bundle } from './bundle.mjs';
import { ensureInstalled, inRoot, main, StepError } from './steps.mjs';

const byteLimit = 512 * 2 ** 20;
const cpuLimitMs = 20_000;
/** What waits for nothing that is on its way uses no processor and ends never; a busy machine is slow. */
const clockLimitMs = 120_000;
/** Failures shown in full. */
const shownLimit = 40;

function parseFlags(args) {
  const flags = { count: 10_000, seed: 1, from: 0, only: null, kinds: 'all' };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    const value = name === 'kinds' ? args[i + 1] : Number(args[i + 1]);
    const isFine =
      name === 'kinds' ? ['all', 'documents'].includes(value) : Number.isSafeInteger(value) && value >= 0;
    if (!args[i].startsWith('--') || !(name in flags) || !isFine)
      throw new StepError(
        'npm run fuzz -- [--count 10000] [--seed 1] [--from 0] [--only NUMBER] [--kinds all|documents]',
      );
    flags[name] = value;
  }
  return flags.only === null ? flags : { ...flags, from: flags.only, count: 1 };
}

/** What has been seen so far, over all child processes. */
function createTally(flags) {
  return {
    flags,
    done: 0,
    failures: [],
    tags: new Map(),
    opened: 0,
    slowest: { ms: 0, number: 0 },
    peak: 0,
    started: Date.now(),
  };
}

/** Processor time of a process in milliseconds; 0 where the system does not tell: then the clock alone counts. */
function cpuMs(pid) {
  try {
    // Fields 14 and 15 of proc(5), in hundredths of a second; the second field may hold spaces, and ends with a bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return 0;
  }
}

/** Run cases from `next` on in a process of its own; resolves with the number to go on from. */
function runChild(script, next, tally, children) {
  const { seed, from, count, kinds } = tally.flags;
  const to = from + count;
  const limited = process.platform === 'linux';
  const node = [
    process.execPath,
    '--expose-gc',
    '--max-old-space-size=256',
    script,
    seed,
    next,
    to,
    byteLimit,
    kinds,
  ].map(String);
  const [command, args] = limited
    ? ['bash', ['-c', `ulimit -c 0; ulimit -d ${byteLimit / 1024}; exec "$@"`, 'fuzz', ...node]]
    : [node[0], node.slice(1)];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let current = { number: next, what: '' };
  let hung = '';
  let errors = '';
  let began = { clock: Date.now(), cpu: 0 };
  const watch = () => {
    began = { clock: Date.now(), cpu: cpuMs(child.pid) };
  };
  const timer = setInterval(() => {
    const used = cpuMs(child.pid) - began.cpu;
    if (used < cpuLimitMs && Date.now() - began.clock < clockLimitMs) return;
    hung =
      used < cpuLimitMs ? `waiting for ${clockLimitMs / 1000} s` : `computing for ${cpuLimitMs / 1000} s`;
    child.kill('SIGKILL');
  }, 500);
  child.stderr.on('data', (data) => {
    errors = (errors + data).slice(-4000);
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (text) => {
    const line = JSON.parse(text);
    if (line.kind === 'begun') {
      if (line.what === '') watch();
      current = line;
    } else if (line.kind === 'failed') fail(tally, { ...line, what: current.what });
    else count1(tally, line);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    lines.on('close', () => {
      clearInterval(timer);
      const finish = (code, signal) => {
        children.delete(child);
        if (code === 0) return resolve(to);
        const error = hung ? `still ${hung}` : `the process ended with ${signal ?? code}`;
        fail(tally, { ...current, step: hung ? 'hang' : 'crash', error, stack: errors });
        tally.done++;
        return resolve(current.number + 1);
      };
      if (child.exitCode !== null || child.signalCode !== null) finish(child.exitCode, child.signalCode);
      else child.once('exit', finish);
    });
  });
}

function count1(tally, { number, tags, ms, peak }) {
  tally.done++;
  if (tags.length === 0) tally.opened++;
  for (const tag of new Set(tags)) tally.tags.set(tag, (tally.tags.get(tag) ?? 0) + 1);
  if (ms > tally.slowest.ms) tally.slowest = { ms, number };
  tally.peak = Math.max(tally.peak, peak);
}

function fail(tally, failure) {
  tally.failures.push(failure);
  if (tally.failures.length > shownLimit) return;
  const { number, step, error, what, stack } = failure;
  console.error(
    `\n✗ case ${number} (${step}): ${error}\n  ${what}\n  npm run fuzz -- --seed ${tally.flags.seed} --only ${number}${kindsFlag(tally)}`,
  );
  if (stack) console.error(stack.split('\n').slice(0, 14).join('\n'));
}

const kindsFlag = ({ flags }) => (flags.kinds === 'all' ? '' : ` --kinds ${flags.kinds}`);

function progress(tally) {
  const { done, flags, failures, started } = tally;
  const left = done === 0 ? null : (((Date.now() - started) / done) * (flags.count - done)) / 1000;
  const eta =
    left === null ? '' : `, about ${left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left`;
  console.error(`${done} of ${flags.count} cases, ${failures.length} failed${eta}`);
}

function summary(tally) {
  const { done, failures, tags, opened, slowest, peak, flags } = tally;
  const cases = new Set(failures.map(({ number }) => number)).size;
  console.log(`${done} cases of seed ${flags.seed}: ${done - cases} as they should be, ${cases} failed`);
  const counts = [...tags].sort(([, a], [, b]) => b - a).map(([tag, n]) => `${tag} ${n}`);
  console.log(`opened without complaint ${opened}; refused at least once: ${counts.join(', ') || 'none'}`);
  console.log(
    `slowest case ${slowest.number}: ${slowest.ms} ms; at most ${Math.round(peak / 2 ** 20)} MiB resident`,
  );
  const kinds = new Map();
  for (const { step, error } of failures) {
    const kind = `${step}: ${error.replace(/\d+/g, 'N').slice(0, 100)}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  for (const [kind, n] of [...kinds].sort(([, a], [, b]) => b - a)) console.log(`  ${n} × ${kind}`);
}

await main(async (args) => {
  const flags = parseFlags(args);
  await ensureInstalled();
  const script = await bundle(inRoot('test/fuzz/child.ts'), 'fuzz-child');
  const tally = createTally(flags);
  const children = new Set();
  let stopped = false;
  const stop = () => {
    stopped = true;
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('SIGINT', stop);
  const ticker = setInterval(() => progress(tally), process.stderr.isTTY ? 2000 : 15_000);
  let next = flags.from;
  while (!stopped && next < flags.from + flags.count) next = await runChild(script, next, tally, children);
  clearInterval(ticker);
  if (stopped) {
    tally.failures.pop();
    console.error(
      `Stopped; go on with npm run fuzz -- --seed ${flags.seed} --from ${flags.from + tally.done} --count ${flags.count - tally.done}${kindsFlag(tally)}`,
    );
  }
  summary(tally);
  return stopped ? 130 : tally.failures.length === 0 ? 0 : 1;
});
