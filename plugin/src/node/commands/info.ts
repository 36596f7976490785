import type { InfoOutput } from 'alibi-zarr-schemas';
import type { OmeImage } from '../../ome/ome-image.ts';
import { type OmeNode, openNode } from '../../ome/open-node.ts';
import type { Command } from '../command.ts';
import { openLocation } from '../open-location.ts';
import { signerFlag, signerOf } from '../signers.ts';

export const info: Command = {
  spec: {
    name: 'info',
    summary: 'Say what an OME-Zarr holds: axes, levels, channels, labels; the wells of a plate',
    positionals: ['STORE'],
    flags: signerFlag,
    examples: ['info image.zarr', 'info https://example.org/image.zarr --json'],
  },
  async run(flags, io) {
    const opened = await openLocation(flags.positionals[0]!, io.signal, await signerOf(flags));
    try {
      const node = await openNode(opened, { signal: io.signal });
      const output = describeNode(node, opened.location);
      io.out(flags.has('json') ? JSON.stringify(output) : asText(output));
      return 0;
    } finally {
      await opened.close();
    }
  },
};

function describeNode(node: OmeNode, location: string): InfoOutput {
  switch (node.kind) {
    case 'image':
      return describeImage(node.image, location);
    case 'plate': {
      const { version, name, wells } = node.plate;
      return { kind: 'plate', location, version, name, wells: wells.map((well) => well.path) };
    }
    case 'well':
      return {
        kind: 'well',
        location,
        version: node.well.version,
        images: node.well.fields.map((field) => field.path),
      };
    case 'series':
      return {
        kind: 'series',
        location,
        version: node.series.version,
        images: node.series.images.map((image) => image.path),
      };
    case 'labels':
      return {
        kind: 'labels',
        location,
        version: node.labels.version,
        labels: node.labels.labels.map((label) => label.name),
      };
  }
}

function describeImage(image: OmeImage, location: string): InfoOutput {
  return {
    kind: 'image',
    location,
    version: image.version,
    zarrFormat: image.zarrFormat,
    name: image.name,
    axes: image.axes.map(({ name, type, unit }) => ({ name, type: type ?? null, unit: unit ?? null })),
    levels: image.levels.map((level) => ({
      path: level.path,
      shape: [...level.shape],
      dtype: level.dtype,
      chunks: [...level.chunks],
      shards: level.shards === undefined ? null : [...level.shards],
      scale: [...level.transform.scale],
      translation: [...level.transform.translation],
    })),
    channels: image.channels.map(({ label, color, active, window, estimated }) => ({
      label,
      color,
      active,
      window: { start: window.start, end: window.end },
      estimated,
    })),
    rgb: image.rgb,
    labels: image.labels.map((label) => label.name),
  };
}

function asText(output: InfoOutput): string {
  const lines = [`${output.location}: ${output.kind}, OME-Zarr ${output.version}`];
  const zarr = output.zarrFormat === undefined ? '' : ` (Zarr v${output.zarrFormat})`;
  lines[0] += zarr;
  if (output.axes !== undefined) {
    const axes = output.axes.map(({ name, unit }) => (unit === null ? name : `${name} [${unit}]`));
    lines.push(`axes      ${axes.join(', ')}`);
  }
  for (const level of output.levels ?? []) {
    const shards = level.shards === null ? '' : `, shards ${level.shards.join('×')}`;
    lines.push(
      `level     ${level.path}: ${level.shape.join('×')} ${level.dtype}, chunks ${level.chunks.join('×')}${shards}, scale ${level.scale.join(' ')}`,
    );
  }
  for (const [index, { label, color, window, estimated }] of (output.channels ?? []).entries()) {
    const source = estimated ? ' (from percentiles)' : '';
    lines.push(`channel   ${index} ${label} #${color}, shown from ${window.start} to ${window.end}${source}`);
  }
  for (const [title, names] of [
    ['labels', output.labels],
    ['wells', output.wells],
    ['images', output.images],
  ] as const) {
    if (names !== undefined && names.length > 0) lines.push(`${title.padEnd(9)} ${names.join(', ')}`);
  }
  return lines.join('\n');
}
