import { readFileSync } from 'node:fs';
import { decode } from 'fast-png';

/** Values of a grey or colour PNG of 8 or 16 bits as they are stored; colours are reduced to the mean of theirs. */
export function readPng(path: string): {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
} {
  const { data, channels, height, width } = decode(readFileSync(path));
  const colours = channels >= 3 ? 3 : 1;
  const grey = Float32Array.from({ length: height * width }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < colours; c++) sum += data[i * channels + c]!;
    return sum / colours;
  });
  return { data: grey, height, width };
}
