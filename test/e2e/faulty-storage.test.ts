import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId, oldId } from '../../plugin/test/labels/kill-scenario.ts';
import type { faultyStorage } from './faulty-storage-page.ts';
import type { killedTab } from './killed-tab-page.ts';
import { type ScriptPage, serveScriptPage } from './open-script-page.ts';

declare global {
  interface Window {
    faultyStorage: typeof faultyStorage;
    killedTab: typeof killedTab;
    tell: () => Promise<void>;
  }
}

/** 30 chunks of the finest level, 9 and 4 of the others. */
const total = 43;

describe("the browser's storage fails a save midway", () => {
  let served: ScriptPage;
  let page: Page;
  let protocol: CDPSession;
  let told: () => Promise<void> = async () => {};

  beforeAll(async () => {
    served = await serveScriptPage('faulty-storage-page.ts');
    page = await served.context.newPage();
    await page.goto(served.url);
    await page.waitForFunction(() => window.faultyStorage !== undefined);
    await page.exposeFunction('tell', () => told());
    protocol = await served.context.newCDPSession(page);
  });
  afterAll(() => served?.close());
  beforeEach(() =>
    page.evaluate(() => window.killedTab.prepare({ zarrFormat: 3, sharded: false, replace: true })),
  );

  const setQuota = (quotaSize?: number) =>
    protocol.send('Storage.overrideQuotaForOrigin', {
      origin: served.url,
      ...(quotaSize === undefined ? {} : { quotaSize }),
    });
  const save = (fault: Parameters<typeof faultyStorage.save>[0], resume = false) =>
    page.evaluate(([chosen, goOn]) => window.faultyStorage.save(chosen, goOn, () => window.tell()), [
      fault,
      resume,
    ] as const);
  /** Ids that a reader finds, on all levels. */
  const found = async () => (await page.evaluate(() => window.killedTab.look())).ids;
  /** What is kept is gone on with, and nothing but the labels stays. */
  const goesOn = async () => {
    const { tag, resumed } = await save(null, true);
    expect(tag).toBe(null);
    // Fourteen chunks were asked for before; up to four were under way.
    expect(resumed).toBeGreaterThanOrEqual(10);
    expect(resumed).toBeLessThan(total);
    const after = await page.evaluate(() => window.killedTab.look());
    expect(after.ids).toEqual([newId]);
    expect(after.files.filter((key) => key.includes('journal'))).toEqual([]);
    expect(new Set(after.files.flatMap((key) => /rev-[^/]+/.exec(key)?.[0] ?? [])).size).toBe(1);
  };

  it('when its quota is used up', async () => {
    told = async () => void (await setQuota(1));
    const { tag, what, remedy } = await save('told');
    expect({ tag, what }).toEqual({ tag: 'Environment', what: expect.stringMatching(/quota/) });
    expect(remedy).toMatch(
      /^Free some space, or save to another place\. The labels are as they were; \d+ of 43 chunks are kept: continue the save \(--resume\)/,
    );
    expect(await found()).toEqual([oldId]);
    // Still full: what is kept stays kept.
    expect((await save(null, true)).tag).toBe('Environment');
    expect(await found()).toEqual([oldId]);
    await setQuota();
    await goesOn();
  });

  it('when the permission to write is taken back', async () => {
    const { tag, remedy } = await save('permission');
    expect(tag).toBe('PermissionDenied');
    expect(remedy).toMatch(
      /^Pick the folder again and allow the page to read and change it\. The labels are as they were; \d+ of 43 chunks are kept: continue the save/,
    );
    expect(await found()).toEqual([oldId]);
    await goesOn();
  });

  it('when its folder is removed', async () => {
    const { tag, what, remedy } = await save('folder removed');
    // A file that is opened while the folder goes is refused as locked; one that is opened later is missing with its folder.
    expect(
      [
        ['PermissionDenied', 'Close whatever else has the file open'],
        ['Environment', 'Pick the folder again and retry'],
      ],
      what,
    ).toContainEqual([tag, remedy.split(/[,.]/)[0]]);
  });
});
