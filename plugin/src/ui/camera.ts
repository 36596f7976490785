import type { Camera } from '../views/deck/scene.ts';

/** Size of the screen in CSS pixels, or of the image in the plane that is drawn. */
export interface Extent {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Screen pixels an image pixel is shown at most: 64. */
const largestZoom = 6;
/** Part of the screen left free round a fitted image. */
const fitMargin = 0.94;

/** The camera that shows the whole image. */
export function fitCamera(image: Extent, screen: Extent): Camera {
  const scale = Math.min(screen.widthPx / image.widthPx, screen.heightPx / image.heightPx) * fitMargin;
  return { x: image.widthPx / 2, y: image.heightPx / 2, zoom: Math.min(largestZoom, Math.log2(scale)) };
}

/**
 * The camera that has a place in its middle, as near as it was where the place is well seen so: nearer where it would be smaller than
 * a tenth of the screen, farther where it would not fit.
 *
 * @param place  middle and side in the plane that is drawn
 */
export function lookCamera(
  camera: Camera,
  place: { readonly x: number; readonly y: number; readonly size: number },
  screen: Extent,
): Camera {
  const side = Math.min(screen.widthPx, screen.heightPx);
  const farthest = Math.log2((0.1 * side) / place.size);
  const nearest = Math.log2((0.7 * side) / place.size);
  const zoom = Math.min(largestZoom, nearest, Math.max(farthest, camera.zoom));
  return { x: place.x, y: place.y, zoom };
}

/** Zoom by `delta` (log2) with the screen position kept where it is. */
export function zoomAt(
  camera: Camera,
  delta: number,
  at: { readonly x: number; readonly y: number },
  image: Extent,
  screen: Extent,
): Camera {
  const smallest = fitCamera(image, screen).zoom - 2;
  const zoom = Math.min(largestZoom, Math.max(smallest, camera.zoom + delta));
  const before = toPlane(camera, at, screen);
  const scale = 2 ** zoom;
  return held(
    {
      x: before.x - (at.x - screen.widthPx / 2) / scale,
      y: before.y - (at.y - screen.heightPx / 2) / scale,
      zoom,
    },
    image,
  );
}

/** Move by screen pixels. */
export function panBy(camera: Camera, dx: number, dy: number, image: Extent): Camera {
  const scale = 2 ** camera.zoom;
  return held({ ...camera, x: camera.x - dx / scale, y: camera.y - dy / scale }, image);
}

/** A place on the screen in the plane that is drawn. */
export function toPlane(camera: Camera, at: { readonly x: number; readonly y: number }, screen: Extent) {
  const scale = 2 ** camera.zoom;
  return {
    x: camera.x + (at.x - screen.widthPx / 2) / scale,
    y: camera.y + (at.y - screen.heightPx / 2) / scale,
  };
}

/** The centre of the view never leaves the image: it cannot get lost. */
function held(camera: Camera, image: Extent): Camera {
  return {
    ...camera,
    x: Math.min(image.widthPx, Math.max(0, camera.x)),
    y: Math.min(image.heightPx, Math.max(0, camera.y)),
  };
}
