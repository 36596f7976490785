// A process that saves labels and is killed at one of its operations: bundled and run by kill-points.test.ts.
//   node killed-save.mjs FOLDER SCENARIO-AS-JSON N before|during     N = 0: lives, and prints how many operations there are
import { materialize } from '../../src/labels/materialize.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import type { WriteStore } from '../../src/stores/store.ts';
import { type KillScenario, saveInput } from './kill-scenario.ts';

const [folder = '', text = '{}', at = '0', how = 'before'] = process.argv.slice(2);
const scenario: KillScenario = JSON.parse(text);
let operations = 0;

/** The n-th write or removal is the last: it has not begun, or is under way in another thread. */
function doomed<A extends unknown[]>(
  operation: (...args: A) => Promise<void>,
): (...args: A) => Promise<void> {
  return (...args) => {
    operations++;
    if (operations !== Number(at)) return operation(...args);
    if (how === 'during') void operation(...args);
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  };
}

const real = createNodeStore(folder);
const store: WriteStore = {
  get: (key, options) => real.get(key, options),
  list: (prefix, options) => real.list!(prefix, options),
  tidy: (label, options) => real.tidy!(label, options),
  set: doomed((...args) => real.set(...args)),
  delete: doomed((...args) => real.delete(...args)),
};
const image = await openImage({ store: real, path: '', location: folder });
await materialize({ ...saveInput(image, scenario), target: store });
console.log(operations);
