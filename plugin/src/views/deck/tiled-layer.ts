import { CompositeLayer, type CompositeLayerProps, type UpdateParameters } from '@deck.gl/core';
import type { AlibiError } from '../../errors.ts';
import type { DrawLevel } from './draw-level.ts';
import { type PlanOptions, planTiles, type TilePlan, type TileRef, type TileView } from './plan-tiles.ts';
import { TileStore, type TileWish } from './tile-store.ts';

export interface TiledLayerProps extends CompositeLayerProps {
  /** Finest first; another array object starts anew. */
  levels: readonly DrawLevel[];
  /** Bytes of tiles kept when they are out of view. Default 256 MiB. */
  byteLimit?: number;
  onTileError?: (error: AlibiError) => void;
  /** Told when the number of tiles in view that are not there yet changes. */
  onPending?: (pending: number) => void;
}

/**
 * What layers of tiles share: choose tiles whenever the view moves, keep a store of them, redraw when one
 * arrives. Levels may have any factor between them.
 */
export abstract class TiledLayer<D, P extends TiledLayerProps> extends CompositeLayer<Required<P>> {
  static override layerName = 'TiledLayer';
  // deck.gl hands `state`, and nothing else, from one props generation's instance to the next.
  declare state: { store: TileStore<D>; plan: TilePlan; pending: number };

  protected abstract readonly planOptions: PlanOptions;
  protected abstract readonly slots: number;
  protected abstract tileBytes(data: D): number;
  /** What to load for a tile; several wishes a tile are possible. */
  protected abstract wishes(tile: TileRef): readonly TileWish<D>[];
  /** True where tiles that were loaded before are of no use any more. */
  protected abstract isStale(params: UpdateParameters<this>): boolean;

  override initializeState(): void {
    // The instance that took over is of this class: deck.gl matches layers by id and class.
    const current = () => this.getCurrentLayer() as this | null;
    const store = new TileStore<D>({
      byteLength: (data) => this.tileBytes(data),
      byteLimit: this.props.byteLimit ?? 256 * 2 ** 20,
      slots: this.slots,
      onChange: () => current()?.tilesChanged(),
      onError: (error) => current()?.props.onTileError?.(error),
    });
    this.state = { store, plan: { target: 0, visible: [], wanted: [] }, pending: 0 };
  }

  /** Ask again for tiles that failed. */
  retry(): void {
    this.state.store.retry();
  }

  override shouldUpdateState({ changeFlags }: UpdateParameters<this>): boolean {
    return changeFlags.somethingChanged;
  }

  override updateState(params: UpdateParameters<this>): void {
    super.updateState(params);
    if (this.isStale(params)) this.state.store.clear();
    this.state.plan = planTiles(this.props.levels, this.#view(), this.planOptions);
    this.state.store.want(this.state.plan.wanted.flatMap((tile) => this.wishes(tile)));
    this.#report();
  }

  override finalizeState(context: Parameters<CompositeLayer['finalizeState']>[0]): void {
    super.finalizeState(context);
    this.state.store.close();
  }

  protected tilesChanged(): void {
    this.setNeedsUpdate();
    this.#report();
  }

  #report(): void {
    const { pending } = this.state.store;
    if (pending === this.state.pending) return;
    this.state.pending = pending;
    this.props.onPending?.(pending);
  }

  #view(): TileView {
    const { viewport } = this.context;
    const [x0, y0, x1, y1] = viewport.getBounds();
    return {
      box: [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)],
      zoom: viewport.zoom,
    };
  }
}
