import { AlibiError } from './errors.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { openImage } from './ome/open-image.ts';
import type { Samples } from './segment/samples.ts';
import type { CommonView } from './session-project-samples.ts';
import { openStore } from './stores/open-store.ts';
import type { Signer } from './stores/signer.ts';

type Visited = Pick<OmeImage, 'store' | 'path' | 'location'>;

/**
 * What a project's images have taught, kept from session to session: whoever goes to another image takes it along. A view other
 * than the last one makes samples of it worthless; they are made again from their image.
 */
export class ProjectMemory {
  #view: { readonly key: string; readonly view: CommonView } | null = null;
  readonly #samples = new Map<
    string,
    { readonly view: CommonView; readonly key: string; readonly samples: Samples }
  >();
  readonly #visited = new Map<string, Visited>();

  /** The image can be read again, also where it has no address. */
  visit(source: string, { store, path, location }: Visited): void {
    this.#visited.set(source, { store, path, location });
  }

  /** @throws AlibiError  it has no address and was not visited, or cannot be read */
  async open(
    source: string,
    { signal, sign }: { readonly signal: AbortSignal; readonly sign?: Signer | undefined },
  ): Promise<OmeImage> {
    const visited = this.#visited.get(source);
    if (visited !== undefined) return openImage(visited, { signal });
    if (!/^https?:/i.test(source)) {
      throw new AlibiError('NotFound', {
        what: 'it has no address',
        where: source,
        remedy: 'Open that image here, with this project: its strokes count from then on.',
      });
    }
    return openImage(await openStore(source, { signal, ...(sign ? { sign } : {}) }), { signal });
  }

  view(key: string): CommonView | undefined {
    return this.#view?.key === key ? this.#view.view : undefined;
  }

  keepView(key: string, view: CommonView): void {
    if (this.view(key) !== view) this.#view = { key, view };
  }

  samples(source: string, view: CommonView | undefined, key: string): Samples | undefined {
    const kept = this.#samples.get(source);
    return kept !== undefined && kept.view === view && kept.key === key ? kept.samples : undefined;
  }

  keepSamples(source: string, view: CommonView, key: string, samples: Samples): void {
    this.#samples.set(source, { view, key, samples });
  }
}
