import type { Page } from 'playwright-core';

/** A place on the picture, as shares of its width and height. */
export type CanvasPlace = readonly [x: number, y: number];

/** The mouse on the picture of a page. */
export function canvasMouse(page: Page) {
  const at = async ([x, y]: CanvasPlace): Promise<[number, number]> => {
    const box = await page.locator('alibi-zarr-canvas').boundingBox();
    if (box === null) throw new Error('the picture is not on the page');
    return [box.x + box.width * x, box.y + box.height * y];
  };
  return {
    /** Press, move, let go. */
    async stroke(from: CanvasPlace, to: CanvasPlace) {
      await page.mouse.move(...(await at(from)));
      await page.mouse.down();
      await page.mouse.move(...(await at(to)), { steps: 6 });
      await page.mouse.up();
    },
    async click(place: CanvasPlace, button: 'left' | 'right' = 'left') {
      await page.mouse.click(...(await at(place)), { button });
    },
  };
}
