import { decodeBf16, decodeF16, encodeBf16, encodeF16 } from "./half.js";
import { BYTES_PER_VALUE, type Dtype } from "./safetensors.js";

/**
 * Values of a trace's tensors as f32, from and to their bytes, in `into` if that is given and long enough. U8 is log2-u8:
 * 0 stays 0, c > 0 means 2^((c - 255) / 16).
 */
export function decodeValues(bytes: Uint8Array, dtype: Dtype, count: number, into?: Float32Array): Float32Array {
  const out = into === undefined || into.length < count ? new Float32Array(count) : into.subarray(0, count);
  if (dtype === "U8") {
    for (let i = 0; i < count; i++) out[i] = bytes[i] === 0 ? 0 : 2 ** (((bytes[i] as number) - 255) / 16);
    return out;
  }
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (dtype === "F32") {
    out.set(new Float32Array(whole.buffer, whole.byteOffset, count));
    return out;
  }
  const patterns = new Uint16Array(whole.buffer, whole.byteOffset, count);
  if (dtype === "F16") decodeF16(patterns, out);
  else decodeBf16(patterns, out);
  return out;
}

/** Nearest values of the dtype. What is too large for it becomes infinity (U8: the largest, 1). */
export function encodeValues(values: ArrayLike<number>, dtype: Dtype): Uint8Array {
  const bytes = new Uint8Array(values.length * BYTES_PER_VALUE[dtype]);
  if (dtype === "U8") for (let i = 0; i < values.length; i++) bytes[i] = log2Code(values[i] as number);
  else if (dtype === "F32") new Float32Array(bytes.buffer).set(values);
  else if (dtype === "I32") new Int32Array(bytes.buffer).set(values);
  else {
    const patterns = new Uint16Array(bytes.buffer);
    const encode = dtype === "F16" ? encodeF16 : encodeBf16;
    for (let i = 0; i < values.length; i++) patterns[i] = encode(values[i] as number);
  }
  return bytes;
}

/** Scores below half a step under the smallest code, 2^-15.9, become 0. */
function log2Code(score: number): number {
  return score > 0 ? Math.min(255, Math.max(0, Math.round(255 + 16 * Math.log2(score)))) : 0;
}
