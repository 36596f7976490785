import { assertSafeModel } from '../../plugin/src/onnx-file/assert-safe-model.ts';
import { fromBytes } from '../../training/src/weights/byte-source.ts';
import { canonicalise, readTensors } from '../../training/src/weights/scheme.ts';
import type { Dice } from './dice.ts';
import { hostileBytes, joined } from './hostile-bytes.ts';
import { hostileJson } from './hostile-json.ts';
import type { Attempt } from './open-everything.ts';

/** Operations of pickle that a state dict has no use for, that make something, or that go back to what was made. */
const operations = [
  'cos\nsystem\n',
  '(S"id"\nios\nsystem\n',
  'R',
  '\x81',
  '\x93',
  'b',
  '\x95',
  'h\x00',
  'j\xff\xff\xff\xff',
  '}'.repeat(1000),
  ']'.repeat(1000),
  '(',
  'l',
  'X\xff\xff\xff\x7f',
  '\x8d\xff\xff\xff\xff\xff\xff\xff\x7f',
  '\x8a\xff',
  'Q',
  '2',
  '.',
];

/** A checkpoint file with one thing wrong: anywhere, in the JSON of a safetensors header, in the pickle, or in its zip. */
export function spoilWeights(bytes: Uint8Array, dice: Dice): { bytes: Uint8Array; what: string } {
  const isPickle = bytes[0] === 0x50;
  if (dice.chance(0.4)) return hostileBytes(bytes, dice);
  return isPickle ? spoilPickle(bytes, dice) : spoilHeader(bytes, dice);
}

function spoilHeader(bytes: Uint8Array, dice: Dice): { bytes: Uint8Array; what: string } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = hostileJson(bytes.slice(8, 8 + length), dice);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(header.bytes.length), true);
  return { bytes: joined(size, header.bytes, bytes.subarray(8 + length)), what: header.what };
}

/** Operations over those that are there; the zip around them stays as it is (nothing looks at its checksum). */
function spoilPickle(bytes: Uint8Array, dice: Dice): { bytes: Uint8Array; what: string } {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf('\x80\x02');
  const out = bytes.slice();
  const operation = dice.pick(operations);
  const at = start + 2 + dice.int(3000);
  out.set(Buffer.from(operation, 'latin1').subarray(0, out.length - at), at);
  return { bytes: out, what: `${JSON.stringify(operation.slice(0, 20))} at byte ${at}` };
}

/** Open a file as `alibi-train convert` does; a graph as the encoder looks at it before it runs it. */
export async function openWeights(bytes: Uint8Array, isGraph: boolean, attempt: Attempt): Promise<void> {
  await attempt('weights', async () => {
    if (isGraph) return assertSafeModel(bytes, { input: 'image', output: 'features' }, 'graph.onnx');
    return canonicalise(await readTensors(fromBytes(bytes, 'weights')), { where: 'weights' });
  });
}
