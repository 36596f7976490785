import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, openDemo } from './open-demo.ts';

/** The page forbids code from text; zstd's decoder, which is made of it, runs in a worker under its own policy. */
describe('the built demo under its Content-Security-Policy', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo({ src: 'samples/superalloy.zarr' });
  });
  afterAll(() => demo?.close());

  it('forbids eval in the page', async () => {
    // In a task of the page's own: what the test evaluates itself is exempt.
    const name = await demo.page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          setTimeout(() => {
            try {
              new Function('return 1')();
              resolve('allowed');
            } catch (error) {
              resolve(error instanceof Error ? error.name : 'unknown');
            }
          }, 0);
        }),
    );
    expect(name).toBe('EvalError');
  });

  it('shows a zstd image and loads the model without complaint', { timeout: 120_000 }, async () => {
    await demo.page.locator('alibi-zarr-canvas').waitFor();
    await demo.page.waitForFunction(
      () => {
        const { state, session } = document.querySelector('alibi-zarr-viewer')!;
        const drawn = state.kind === 'open' && state.workspace.display.state.pending.size === 0;
        return drawn && session?.encoder.kind === 'ready';
      },
      undefined,
      { timeout: 110_000 },
    );
    const workers = demo.page.workers().map((worker) => new URL(worker.url()).pathname);
    expect(workers.filter((path) => path.includes('codec-worker')).length).toBeGreaterThan(0);
    expect(demo.complaints).toEqual([]);
  });
});
