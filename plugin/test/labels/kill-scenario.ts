import type { MaterializeInput } from '../../src/labels/materialize.ts';
import type { OmeImage } from '../../src/ome/ome-image.ts';
import type { WriteStore } from '../../src/stores/store.ts';
import { type ImageSpec, labelsOf, writeImage } from './image-fixture.ts';

/** One way of saving, to be killed at each of its operations. */
export interface KillScenario {
  readonly zarrFormat: 2 | 3;
  readonly sharded: boolean;
  /** Labels of 5 are there and are replaced. */
  readonly replace: boolean;
}

/** The labels that a reader may find where a save was killed: {@link oldId} or {@link newId} everywhere, or none. */
export const oldId = 5;
export const newId = 9;

export const killScenarios: readonly KillScenario[] = [
  { zarrFormat: 2, sharded: false, replace: false },
  { zarrFormat: 2, sharded: false, replace: true },
  { zarrFormat: 3, sharded: false, replace: true },
  { zarrFormat: 3, sharded: true, replace: false },
  { zarrFormat: 3, sharded: true, replace: true },
];

const spec: Omit<ImageSpec, 'zarrFormat'> = {
  axes: 'yx',
  levels: [
    [96, 80],
    [48, 40],
    [24, 20],
  ],
};

export function writeScenarioImage(store: WriteStore, { zarrFormat }: KillScenario): Promise<OmeImage> {
  return writeImage(store, '', { ...spec, zarrFormat });
}

/** What is saved; the same for the process that dies and the one that goes on. */
export function saveInput(
  image: OmeImage,
  { sharded, replace }: KillScenario,
  id = newId,
): Omit<MaterializeInput, 'target'> {
  return {
    labels: labelsOf(image, 'uint8', 16, () => id),
    image,
    targetPath: '',
    // The store that dies is wrapped, hence not known to be the image's own.
    source: '../../',
    name: 'phases',
    sharded,
    overwrite: replace,
    classes: [{ id, name: 'phase', color: '3366cc' }],
    provenance: {
      model: null,
      executionProvider: null,
      normalisation: null,
      fit: null,
      strokes: [],
      imageMetadataSha256: image.metadataHash,
    },
  };
}
