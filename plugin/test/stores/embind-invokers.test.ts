import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { embindFactory } from '../../src/stores/embind-invokers.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('codecs where code from text is forbidden', () => {
  it('compress and decompress in a process that forbids it', { timeout: 120_000 }, async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `
          import { allowEmbindWithoutEval } from './plugin/src/stores/embind-invokers.ts';
          import { compress, decompress } from './plugin/src/stores/compression.ts';
          let forbidden = false;
          try { new Function('return 1')(); } catch { forbidden = true; }
          allowEmbindWithoutEval();
          const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 7);
          const same = [];
          for (const [name, configuration] of [['zstd', { level: 3 }], ['blosc', { cname: 'lz4', clevel: 5, shuffle: 1, blocksize: 0 }]]) {
            const packed = await compress(name, bytes, configuration);
            const back = await decompress(name, packed);
            same.push(packed.length < 5000 && Buffer.compare(back, bytes) === 0);
          }
          console.log(JSON.stringify({ forbidden, same }));`,
        resolveDir: root,
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
    });
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-'];
    const out = execFileSync(process.execPath, flags, { input: outputFiles[0]!.contents, encoding: 'utf8' });
    expect(JSON.parse(out)).toEqual({ forbidden: true, same: [true, true] });
  });

  it('leave any other text to the engine', () => {
    expect(embindFactory(['a', 'return a'])).toBeUndefined();
    expect(embindFactory([])).toBeUndefined();
  });
});
