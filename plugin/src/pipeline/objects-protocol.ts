import type { Json } from '../array/json.ts';
import type { ArrayHandle } from '../array/remote-messages.ts';
import type { InstanceRecipe, WatershedRecipe } from '../segment/instances/types.ts';
import type { MeasureRequest } from '../segment/measure/measure.ts';
import type { ContourOptions } from './objects.ts';

/** First message to the objects' worker; the ports are transferred with it. */
export interface OpenObjectsMessage {
  readonly kind: 'open-objects';
  readonly calls: MessagePort;
  /** The page serves labels and pixels on it. */
  readonly pagePort: MessagePort;
  /** The worker serves its layers on it. */
  readonly layerPort: MessagePort;
}

/** An array of the page, or one that the worker itself made: then no chunk of it travels. */
export type ArrayName =
  | { readonly from: 'page'; readonly handle: ArrayHandle }
  | { readonly from: 'worker'; readonly array: number };

export type ObjectsCall =
  | {
      readonly method: 'find';
      readonly labels: ArrayName;
      readonly recipe: InstanceRecipe | WatershedRecipe;
      readonly source: Readonly<Record<string, Json>>;
    }
  | {
      readonly method: 'measure';
      readonly labels: ArrayName;
      readonly pixels: ArrayName | null;
      readonly rest: Omit<MeasureRequest, 'labels' | 'pixels'>;
    }
  | {
      readonly method: 'contours';
      readonly labels: ArrayName;
      readonly options: Pick<ContourOptions, 'pixelSize' | 'names'>;
    }
  | { readonly method: 'largestId'; readonly labels: ArrayName };
