import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KillScenario, killScenarios } from '../../plugin/test/labels/kill-scenario.ts';
import type { killedTab } from './killed-tab-page.ts';
import { type ScriptPage, serveScriptPage } from './open-script-page.ts';

declare global {
  interface Window {
    killedTab: typeof killedTab;
    die: () => void;
  }
}

/** How many points are tried: 20, or what ALIBI_KILL_POINTS says (a number, or `all`). */
const asked = process.env.ALIBI_KILL_POINTS ?? '20';
/** One of each kind is enough here; Node has the others. */
const scenarios = [killScenarios[1]!, killScenarios[3]!];

describe('a tab that is closed while it saves', () => {
  let served: ScriptPage;
  const points: { readonly scenario: KillScenario; readonly n: number }[] = [];

  beforeAll(async () => {
    served = await serveScriptPage('killed-tab-page.ts');
    const page = await open();
    for (const scenario of scenarios) {
      await page.evaluate((chosen) => window.killedTab.prepare(chosen), scenario);
      const count = await page.evaluate((chosen) => window.killedTab.save(chosen, 0, () => {}), scenario);
      for (let n = 1; n <= count; n++) points.push({ scenario, n });
    }
    await page.close();
  }, 240_000);
  afterAll(() => served?.close());

  async function open(): Promise<Page> {
    const page = await served.context.newPage();
    await page.goto(served.url);
    await page.waitForFunction(() => window.killedTab !== undefined);
    return page;
  }

  it(`leaves the old labels or none, and is finished without doing anything twice (${asked} points)`, async () => {
    const count = asked === 'all' ? points.length : Math.min(points.length, Number(asked));
    const step = points.length / count;
    const chosen = Array.from({ length: count }, (_, i) => points[Math.floor((i + 0.5) * step)]!);
    const seen = new Map<string, number>();
    for (const { scenario, n } of chosen) {
      const where = `${JSON.stringify(scenario)}, operation ${n}`;
      const doomed = await open();
      await doomed.evaluate((one) => window.killedTab.prepare(one), scenario);
      const dying = new Promise<void>((done) => void doomed.exposeFunction('die', done));
      await doomed.waitForFunction(() => window.die !== undefined);
      const living = doomed.evaluate(([one, at]) => window.killedTab.save(one, at, window.die), [
        scenario,
        n,
      ] as const);
      const ended = living.then(
        () => 'lived',
        () => 'died',
      );
      const lived = await Promise.race([dying, ended]);
      await doomed.close();
      // Entries of the journal that come together are one write: a run may have a few operations fewer than another.
      if (lived === 'lived') {
        seen.set('lived', (seen.get('lived') ?? 0) + 1);
        continue;
      }
      expect(await ended, where).toBe('died');
      const page = await open();
      const found = await page.evaluate(() => window.killedTab.look());
      const ids = await page.evaluate(() => window.killedTab.ids);
      const state = found.ids === null ? 'none' : found.ids[0] === ids.new ? 'new' : 'old';
      expect(found.ids ?? [0], where).toHaveLength(1);
      expect([scenario.replace ? 'old' : 'none', 'new'], where).toContain(state);
      const { made, valid } = await page.evaluate((one) => window.killedTab.resume(one), scenario);
      expect(valid, where).toBe(true);
      // 6 × 5 chunks in the finest level. A journal that is gone says that all was done but its own removal.
      if (found.done !== null) expect(made, where).toBe(state === 'new' ? 0 : 30 - found.done);
      const after = await page.evaluate(() => window.killedTab.look());
      expect(after.ids, where).toEqual([ids.new]);
      expect(new Set(after.files.flatMap((key) => /rev-[^/]+/.exec(key)?.[0] ?? [])).size, where).toBe(1);
      expect(
        after.files.filter((key) => key.includes('journal')),
        where,
      ).toEqual([]);
      await page.close();
      seen.set(state, (seen.get(state) ?? 0) + 1);
    }
    console.info(`${chosen.length} tabs closed; a reader found ${JSON.stringify(Object.fromEntries(seen))}`);
    expect(seen.get('lived') ?? 0).toBeLessThan(chosen.length / 10);
    expect(seen.get('none')).toBeGreaterThan(0);
    expect(seen.get('old')).toBeGreaterThan(0);
  }, 1_200_000);
});
