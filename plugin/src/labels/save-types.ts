import type { LabelType, LazyArray } from '../array/lazy-array.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { LabelClass } from '../ome/write.ts';
import type { WriteStore } from '../stores/store.ts';
import type { GroupMetadata, GroupPath } from './group-metadata.ts';
import type { Journal } from './journal.ts';
import type { Remains } from './journal-entries.ts';
import type { Pause } from './pause.ts';
import type { ProvenanceFacts } from './provenance.ts';
import type { PyramidPlan, SaveEncoding } from './pyramid-plan.ts';
import type { Replaced } from './replaced-label.ts';
import type { ConflictCheck, Watched } from './watched-set.ts';

/** Chunks of a save; `etaMs` is absent until it can be told. */
export interface SaveProgress {
  readonly done: number;
  readonly total: number;
  readonly etaMs?: number;
  /** Of the objects stored so far, those of an interrupted save included. */
  readonly bytes: number;
}

export interface MaterializeInput extends SaveEncoding {
  /** Ids, 0 for none; canonical (t?, z?, y, x), of the size of one level of the image. */
  readonly labels: LazyArray<LabelType>;
  readonly image: OmeImage;
  readonly target: WriteStore;
  /** Group that gets `labels/NAME`: the image's own path, or that of any other place. */
  readonly targetPath: string;
  readonly name: string;
  /** Ids with their names and colours (`rrggbb`). */
  readonly classes: readonly LabelClass[];
  readonly provenance: ProvenanceFacts;
  /** Largest id there can be: ids are stored at the width it needs. Default: the labels' own type. */
  readonly maxId?: number;
  /** `image-label.source.image`; default `../../` in the image itself, else the image's address, where it has one. */
  readonly source?: string;
  /** Replace a label image of that name, and throw away what an interrupted save has kept; default false. */
  readonly overwrite?: boolean;
  /** Go on with an interrupted save of the same work, where there is one; with `overwrite` one of other work is thrown away. Default false. */
  readonly resume?: boolean;
  /** What an abort leaves: nothing (default), or what is finished, to resume. A failure always leaves the latter. */
  readonly onAbort?: 'discard' | 'keep';
  /** Leave the replaced label's chunks where they are until `replaced` in the result is told what to do; default false. */
  readonly keepReplaced?: boolean;
  /** Obeyed until the new label counts; what follows is a handful of small files and is always finished. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: SaveProgress) => void;
  /** While it is paused no chunk is begun. */
  readonly pause?: Pause | undefined;
}

export interface MaterializeResult {
  /** Chunks stored, and chunks left out because they hold nothing but 0. */
  readonly written: number;
  readonly skipped: number;
  /** Chunks of an interrupted save that were finished already. */
  readonly resumed: number;
  /** Stored objects (chunks or shards) and their bytes, without the handful of metadata files. */
  readonly objects: number;
  readonly bytes: number;
  readonly seconds: number;
  /** How a change by somebody else at the same time was kept out. */
  readonly conflictCheck: ConflictCheck;
  /** What `validate` says of the label image just written. */
  readonly validation: { readonly valid: boolean; readonly message?: string };
  /** Where a label was replaced and `keepReplaced` is set. */
  readonly replaced?: Replaced;
}

/** A save that has been begun: where, what, and its journal. */
export interface Save {
  readonly plan: PyramidPlan;
  readonly dtype: LabelType;
  readonly revision: string;
  readonly out: GroupPath;
  readonly labels: `/${string}`;
  readonly label: `/${string}`;
  readonly journal: Journal;
  /** Chunks that were finished when it began. */
  readonly resumed: number;
  /** What goes once the revision is the label. */
  readonly remains: Remains;
  /** The label's group as it is found, and its file, which the last `set` replaces. */
  readonly previous: GroupMetadata | undefined;
  readonly watched: Watched;
  /** The revision is the label already: only what comes after is left. */
  readonly published: boolean;
}
