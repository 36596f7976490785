import { type DefaultProps, Layer, type LayerProps, project32, type UpdateParameters } from '@deck.gl/core';
import { GL } from '@luma.gl/constants';
import type { Device, Texture } from '@luma.gl/core';
import { Geometry, Model } from '@luma.gl/engine';
import type { ColorPixels } from './color-border.ts';
import type { Box } from './draw-level.ts';
import { colorTable, type Rgb } from './id-colors.ts';
import { colorsFragment, idsFragment, markFragment, quadUniforms, quadVertex } from './quads-shaders.ts';

/** Pixels of one tile, row-major; the same object is the same texture. */
export type QuadPixels = ColorPixels | IdPixels;

export interface IdPixels {
  readonly kind: 'ids';
  readonly data: IdData;
  readonly widthPx: number;
  readonly heightPx: number;
}

export type IdData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array;

export interface PixelQuad {
  readonly pixels: QuadPixels;
  readonly box: Box;
  readonly uv: Box;
}

export interface MarkQuad {
  readonly box: Box;
}

interface QuadsLayerOwnProps {
  /** `colors` and `ids` draw pixels, `mark` hatches the boxes. */
  content: 'colors' | 'ids' | 'mark';
  quads: readonly (PixelQuad | MarkQuad)[];
  /** 0 to 1. */
  alpha: number;
  /** Ids without one get a hashed colour; 0 is never drawn. */
  colors: ReadonlyMap<number, Rgb>;
  /** Draw only the outlines of ids, this many screen pixels wide; 0 fills them. */
  contourPx: number;
  /** Colour of marks, 0 to 255. */
  markColor: Rgb;
  /** Hatched, or only framed. */
  hatched: boolean;
}
export type QuadsLayerProps = LayerProps & QuadsLayerOwnProps;

const defaultProps: DefaultProps<QuadsLayerProps> = {
  content: 'colors',
  quads: { type: 'array', value: [], compare: false },
  alpha: { type: 'number', value: 1, min: 0, max: 1 },
  colors: { type: 'object', value: new Map() },
  contourPx: { type: 'number', value: 0, min: 0 },
  markColor: { type: 'array', value: [224, 108, 90], compare: true },
  hatched: { type: 'boolean', value: true },
};

/**
 * Draws rectangles with parts of tiles, one draw call each, from textures it holds only while they are
 * drawn. Ids go through integer textures and `texelFetch`: exact up to 64 bits, never interpolated.
 */
export class QuadsLayer extends Layer<QuadsLayerOwnProps> {
  static override layerName = 'QuadsLayer';
  static override defaultProps = defaultProps;
  // deck.gl hands `state`, and nothing else, from one props generation's instance to the next.
  declare state: { model: Model; table: Texture | null; textures: Map<QuadPixels, Texture> };

  override getShaders() {
    const fs = { colors: colorsFragment, ids: idsFragment, mark: markFragment }[this.props.content];
    return super.getShaders({ vs: quadVertex, fs, modules: [project32, quadUniforms] });
  }

  override initializeState(): void {
    this.getAttributeManager()?.remove(['instancePickingColors']);
    const { device } = this.context;
    const model = new Model(device, {
      ...this.getShaders(),
      id: this.props.id,
      geometry: new Geometry({
        topology: 'triangle-strip',
        attributes: { corners: { size: 2, value: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]) } },
      }),
      isInstanced: false,
    });
    this.state = { model, table: null, textures: new Map() };
  }

  override updateState({ props, oldProps }: UpdateParameters<this>): void {
    // Chunks are clipped to the array, so rows are seldom a multiple of four bytes.
    const { device } = this.context;
    Reflect.get(device, 'setParametersWebGL')?.call(device, { [GL.UNPACK_ALIGNMENT]: 1 });
    if (props.content === 'ids' && (this.state.table === null || props.colors !== oldProps.colors)) {
      this.state.table?.destroy();
      const { data, widthPx, heightPx } = colorTable(props.colors);
      this.state.table = createTexture(device, {
        data,
        widthPx,
        heightPx,
        format: 'rgba8uint',
        filter: 'nearest',
      });
    }
    if (props.quads !== oldProps.quads) this.#updateTextures(props.quads);
  }

  #updateTextures(quads: QuadsLayerProps['quads']): void {
    const kept = new Map<QuadPixels, Texture>();
    for (const quad of quads) {
      if (!('pixels' in quad) || kept.has(quad.pixels)) continue;
      kept.set(
        quad.pixels,
        this.state.textures.get(quad.pixels) ?? pixelTexture(this.context.device, quad.pixels),
      );
    }
    for (const [pixels, texture] of this.state.textures) if (!kept.has(pixels)) texture.destroy();
    this.state.textures = kept;
  }

  override draw(): void {
    const { model, table, textures } = this.state;
    const { alpha, contourPx, markColor, hatched } = this.props;
    const color = markColor.map((value) => value / 255);
    for (const quad of this.props.quads) {
      const isPixels = 'pixels' in quad;
      const wide = isPixels && quad.pixels.kind === 'ids' && quad.pixels.data.BYTES_PER_ELEMENT === 8;
      model.shaderInputs.setProps({
        quad: {
          box: quad.box,
          uv: isPixels ? quad.uv : [0, 0, 1, 1],
          markColor: [...color, hatched ? 1 : 0],
          alpha,
          contourPx,
          wide: wide ? 1 : 0,
        },
      });
      if (isPixels) {
        const texture = textures.get(quad.pixels);
        if (texture === undefined) continue;
        model.setBindings(table === null ? { tile: texture } : { tile: texture, colorTable: table });
      }
      model.draw(this.context.renderPass);
    }
  }

  override finalizeState(context: Parameters<Layer['finalizeState']>[0]): void {
    super.finalizeState(context);
    this.state.model.destroy();
    this.state.table?.destroy();
    for (const texture of this.state.textures.values()) texture.destroy();
  }
}

function pixelTexture(device: Device, pixels: QuadPixels): Texture {
  const { widthPx, heightPx, data } = pixels;
  if (pixels.kind === 'colors') {
    return createTexture(device, {
      data: pixels.data,
      widthPx,
      heightPx,
      format: 'rgba8unorm',
      filter: 'linear',
    });
  }
  const bytes = data.BYTES_PER_ELEMENT;
  const format = bytes === 1 ? 'r8uint' : bytes === 2 ? 'r16uint' : bytes === 4 ? 'r32uint' : 'rg32uint';
  // The same bits, signed or not: what counts is that equal ids are equal. 64 bits are two halves, low first.
  const { buffer, byteOffset, byteLength } = data;
  const bits =
    bytes === 1
      ? new Uint8Array(buffer, byteOffset, byteLength)
      : bytes === 2
        ? new Uint16Array(buffer, byteOffset, byteLength / 2)
        : new Uint32Array(buffer, byteOffset, byteLength / 4);
  return createTexture(device, { data: bits, widthPx, heightPx, format, filter: 'nearest' });
}

function createTexture(
  device: Device,
  options: {
    readonly data: Uint8Array | Uint16Array | Uint32Array;
    readonly widthPx: number;
    readonly heightPx: number;
    readonly format: 'rgba8unorm' | 'rgba8uint' | 'r8uint' | 'r16uint' | 'r32uint' | 'rg32uint';
    readonly filter: 'linear' | 'nearest';
  },
): Texture {
  return device.createTexture({
    data: options.data,
    width: options.widthPx,
    height: options.heightPx,
    dimension: '2d',
    format: options.format,
    sampler: {
      minFilter: options.filter,
      magFilter: options.filter,
      addressModeU: 'clamp-to-edge',
      addressModeV: 'clamp-to-edge',
    },
  });
}
