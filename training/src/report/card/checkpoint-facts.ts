import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { positionText } from '../../bench/position-text.ts';
import { counted, numberText } from '../number-text.ts';

export type Fact = readonly [name: string, value: string];

/** What a checkpoint is, from its manifest alone. */
export function architectureFacts({
  architecture,
  position,
  input,
  window,
  graphs,
}: CheckpointManifest): Fact[] {
  const { patch, dim, blocks, heads, registers, layerScale, mlp } = architecture;
  const texts = (values: readonly number[]): string => values.map((value) => numberText(value)).join(', ');
  return [
    [
      'Architecture',
      `${blocks} blocks, dim ${dim}, ${counted(heads, 'head')}, patch ${patch}, ${registers === 0 ? 'no registers' : counted(registers, 'register')}, ${mlp}${layerScale ? ', LayerScale' : ''}`,
    ],
    ['Position', positionSentence(position)],
    [
      'Input',
      `[N, 3, H, W], H and W multiples of ${patch}; mean ${texts(input.mean)}; standard deviation ${texts(input.std)}`,
    ],
    ['Output', `[N, ${dim}, H/${patch}, W/${patch}], after the last norm`],
    [
      'Windows',
      `${window.rows}×${window.cols} tokens (${window.rows * patch}×${window.cols * patch} px), ${window.overlap} overlapped`,
    ],
    ...graphs.map(
      ({ path, precision, graph, bytes, sha256 }): Fact => [
        `Graph ${path}`,
        `${precision}, ${graph}, ${numberText(bytes / 1e6, 1)} MB, SHA-256 ${sha256}`,
      ],
    ),
  ];
}

export function provenanceFacts({ provenance }: CheckpointManifest): Fact[] {
  const { source, sourceSha256, licence, finetuned, command, tool } = provenance;
  return [
    ['Source', source],
    ['SHA-256 of the source', sourceSha256],
    ['Licence', licence],
    ['Finetuned', finetuned ? 'yes' : 'no: its weights have never seen this position'],
    ['Made by', command],
    ['With', tool],
  ];
}

/** What follows from how the checkpoint knows where a patch lies. */
export function cautions({ position, provenance }: CheckpointManifest): string[] {
  return [
    ...(provenance.finetuned || position.kind === 'learned'
      ? []
      : ['It was not finetuned: features differ from those its weights were trained for.']),
    ...(position.kind === 'learned'
      ? [
          'It has its learned position embedding: features say where a patch lies in its window, and windows show.',
        ]
      : []),
    ...(position.kind === 'alibi' && position.wrap
      ? [
          'Its bias wraps round the edges of a window: features depend on the window. Use windows of one size.',
        ]
      : []),
    ...(position.kind === 'alibi' && position.normalise === 'window'
      ? ["Its distances are divided by the window's largest: features depend on the size of the window."]
      : []),
    'Nothing here was validated for a diagnosis or a measurement.',
  ];
}

function positionSentence(position: CheckpointManifest['position']): string {
  switch (position.kind) {
    case 'learned':
      return `learned embedding of ${position.trainedGrid.join('×')} tokens, interpolated to other grids`;
    case 'none':
      return 'none';
    case 'sincos':
      return 'sines and cosines of row and column';
    case 'alibi': {
      const { metric, normalise, distanceScale, hidePrefix, slopes } = position;
      const unit = {
        window: "over the window's largest",
        scale: `over ${numberText(distanceScale)} tokens`,
        none: 'in tokens',
      }[normalise];
      const name = positionText(position);
      // The name says so itself where it is not what the name implies.
      const prefix = name.includes('CLS')
        ? ''
        : `; CLS ${hidePrefix ? 'hidden from patches' : 'read by patches'}`;
      return `${name}: −m·D in every block, D the ${metric} distance ${unit}, slopes ${slopes}${prefix}`;
    }
  }
}
