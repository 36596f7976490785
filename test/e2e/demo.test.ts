import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, openDemo } from './open-demo.ts';

describe('the demo page', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo();
  });
  afterAll(() => demo?.close());

  it('is isolated, so that WebAssembly has threads', async () => {
    expect(await demo.page.evaluate(() => crossOriginIsolated)).toBe(true);
  });

  it('offers every sample that was made', async () => {
    const samples: { title: string }[] = await (await fetch(`${demo.url}samples/index.json`)).json();
    expect(samples.length).toBeGreaterThan(0);
    for (const { title } of samples) await demo.page.getByText(title).first().waitFor({ state: 'attached' });
  });

  it('loads without complaint', async () => {
    await demo.page.waitForTimeout(500);
    await demo.screenshot('demo-empty');
    expect(demo.complaints).toEqual([]);
  });
});
