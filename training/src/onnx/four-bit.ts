/** Inputs of an output channel that share a scale. */
export const BLOCK = 32;

export interface FourBitMatrix {
  /** uint8 [outputs, blocks, 16]: two values a byte, the earlier input in the lower four bits, each stored as value + 8. */
  readonly packed: Uint8Array;
  /** float32 [outputs, blocks] */
  readonly scales: Float32Array;
}

/**
 * A weight matrix in 4 bits, −8…7 times the block's scale, laid out as ONNX Runtime's MatMulNBits reads it. The value of
 * largest magnitude becomes −8 exactly, so that the whole range is used.
 *
 * @param weight  float32 [inputs, outputs], row-major
 * Source: ONNX Runtime, docs/ContribOperators.md, com.microsoft.MatMulNBits
 */
export function quantiseToFourBits(weight: Float32Array, inputs: number, outputs: number): FourBitMatrix {
  const blocks = Math.ceil(inputs / BLOCK);
  // Inputs beyond the last are zero: 8 in both halves of a byte.
  const packed = new Uint8Array(outputs * blocks * (BLOCK / 2)).fill(0x88);
  const scales = new Float32Array(outputs * blocks);
  for (let output = 0; output < outputs; output++) {
    for (let block = 0; block < blocks; block++) {
      const end = Math.min(inputs, (block + 1) * BLOCK);
      let extreme = 0;
      for (let input = block * BLOCK; input < end; input++) {
        const value = weight[input * outputs + output] ?? 0;
        if (Math.abs(value) > Math.abs(extreme)) extreme = value;
      }
      const cell = output * blocks + block;
      scales[cell] = extreme === 0 ? 1 : extreme / -8;
      for (let input = block * BLOCK; input < end; input++) {
        const quotient = Math.round((weight[input * outputs + output] ?? 0) / (scales[cell] ?? 1));
        const nibble = Math.max(-8, Math.min(7, quotient)) + 8;
        const at = cell * (BLOCK / 2) + Math.floor((input % BLOCK) / 2);
        const byte = packed[at] ?? 0;
        packed[at] = input % 2 === 0 ? (byte & 0xf0) | nibble : (byte & 0x0f) | (nibble << 4);
      }
    }
  }
  return { packed, scales };
}
