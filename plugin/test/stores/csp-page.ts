// The script of a page with a strict policy (codec-workers.browser.test.ts): it opens the arrays it is asked for and tells
// the page around it what came of it.
import { readRegion } from '../../src/array/region.ts';
import { AlibiError } from '../../src/errors.ts';
import { setCodecWorkers } from '../../src/stores/codec-workers.ts';
import { createHttpStore } from '../../src/stores/http.ts';
import { openZarrArray } from '../../src/stores/zarr-array.ts';

export interface CspRequest {
  readonly url: string;
  readonly path: string;
  /** `page`: this thread; `blob`: workers from a blob: address; absent: as a page has it that says nothing */
  readonly codecs?: 'page' | 'blob';
}
export interface CspAnswer {
  readonly evalIsForbidden: boolean;
  readonly values?: readonly number[];
  readonly error?: { readonly tag: string; readonly remedy: string };
}

function evalIsForbidden(): boolean {
  try {
    return new Function('return 1')() !== 1;
  } catch {
    return true;
  }
}

async function answer({ url, path, codecs }: CspRequest): Promise<CspAnswer> {
  if (codecs === 'page') setCodecWorkers(null);
  if (codecs === 'blob') {
    const script = new URL('/plugin/src/stores/codec-worker.js', location.origin);
    const blob = new Blob([`import ${JSON.stringify(script.href)};`], { type: 'text/javascript' });
    setCodecWorkers(() => new Worker(URL.createObjectURL(blob), { type: 'module' }));
  }
  try {
    const { lazy } = await openZarrArray(createHttpStore(url), path);
    const whole = await readRegion(lazy, { start: lazy.shape.map(() => 0), stop: lazy.shape }, {});
    return { evalIsForbidden: evalIsForbidden(), values: Array.from(whole.data, Number) };
  } catch (error) {
    if (!(error instanceof AlibiError)) throw error;
    return { evalIsForbidden: evalIsForbidden(), error: { tag: error.tag, remedy: error.remedy } };
  }
}

addEventListener('message', ({ data }: MessageEvent<CspRequest>) => {
  void answer(data).then((result) => parent.postMessage(result, '*'));
});
parent.postMessage('ready', '*');
