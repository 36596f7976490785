import type { LabelProvenance } from 'alibi-zarr-schemas';
import type { Json } from '../array/json.ts';
import type { ExecutionProvider, Normalisation } from '../encoder/encoder.ts';
import type { Precision } from '../encoder/graph-choice.ts';
import type { OmeImage } from '../ome/ome-image.ts';

/** What a program knows of how it made a label image; `null` and `[]` where there is nothing to tell. */
export interface ProvenanceFacts {
  readonly model: {
    readonly name: string;
    /** Of the ONNX graph that ran. */
    readonly sha256: string;
    readonly precision: Precision;
  } | null;
  readonly executionProvider: ExecutionProvider | null;
  readonly normalisation: Normalisation | null;
  readonly fit: {
    readonly kind: string;
    readonly id: string;
    readonly source: Readonly<Record<string, Json>>;
  } | null;
  /** A person's strokes in pixels of the finest level; empty where there were none. */
  readonly strokes: readonly {
    readonly id: string;
    readonly classIndex: number | null;
    readonly radiusPx: number;
    readonly points: readonly number[];
    readonly z: number;
    readonly t: number;
    readonly group?: string;
    readonly rings?: readonly (readonly number[])[];
  }[];
  /** Level of the image whose features were used. */
  readonly level?: number;
  /** Slices processed; labels elsewhere are 0. Absent: all. */
  readonly slices?: { readonly z: readonly number[]; readonly t: readonly number[] };
  /** sha256 of the bytes of the image's metadata file. */
  readonly imageMetadataSha256: string;
  /** What was asked for, so that it can be done again. */
  readonly method?: NonNullable<LabelProvenance['method']>;
  /** The label image outside of which labels are 0. */
  readonly mask?: string;
  /** The level was resampled: new pixels per pixel. */
  readonly factor?: { readonly y: number; readonly x: number };
  /** How the classifier did on strokes it had not seen. */
  readonly heldOut?: LabelProvenance['heldOut'];
}

/** The facts with a time and a place, as they are stored: `schemas/src/label-provenance.schema.json`. */
export function createProvenance(
  facts: ProvenanceFacts,
  image: Pick<OmeImage, 'location'>,
  now = new Date(),
): { readonly [key: string]: Json } {
  const { model, normalisation, fit, strokes, level, slices } = facts;
  return {
    format: 'alibi-zarr/label-provenance/1',
    created: now.toISOString(),
    image: publicLocation(image.location),
    imageMetadataSha256: facts.imageMetadataSha256,
    model: model && { ...model },
    executionProvider: facts.executionProvider,
    normalisation: normalisation && { ...normalisation },
    fit: fit && { ...fit },
    strokes: strokes.map(({ rings, ...stroke }) => ({
      ...stroke,
      ...(rings === undefined ? {} : { rings: rings.map((ring) => [...ring]) }),
    })),
    ...(level === undefined ? {} : { level }),
    ...(slices === undefined ? {} : { slices: { ...slices } }),
    ...plain({ method: facts.method, mask: facts.mask, factor: facts.factor, heldOut: facts.heldOut }),
  };
}

/** What is there, as JSON has it. */
function plain(values: Readonly<Record<string, unknown>>): { readonly [key: string]: Json } {
  return JSON.parse(JSON.stringify(values));
}

/** A location without what may be secret: user, password, query and fragment of a URL. */
export function publicLocation(location: string): string {
  if (!/^https?:/i.test(location)) return location;
  const url = new URL(location);
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}
