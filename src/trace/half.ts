/** Half-precision numbers as 16-bit patterns: IEEE binary16 and bfloat16. */

const bits = new DataView(new ArrayBuffer(4));
let table: Float32Array | undefined;

/** binary16 → f32, by a table of all 65,536. */
export function decodeF16(source: Uint16Array, out: Float32Array): void {
  table ??= Float32Array.from({ length: 65_536 }, (_, pattern) => f16Value(pattern));
  for (let i = 0; i < source.length; i++) out[i] = table[source[i] as number] as number;
}

/** bfloat16 → f32: its pattern is the upper half of one. */
export function decodeBf16(source: Uint16Array, out: Float32Array): void {
  const patterns = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < source.length; i++) patterns[i] = (source[i] as number) << 16;
}

/** Nearest binary16, ties to even; beyond 65,504 infinity. */
export function encodeF16(value: number): number {
  bits.setFloat32(0, value);
  const pattern = bits.getUint32(0);
  const sign = (pattern >>> 16) & 0x8000;
  const exponent = ((pattern >>> 23) & 0xff) - 112; // biased as binary16 has it
  const fraction = pattern & 0x7f_ffff;
  if (exponent >= 31) return sign | 0x7c00 | (exponent === 143 && fraction !== 0 ? 0x200 : 0);
  if (exponent <= 0) {
    if (exponent < -10) return sign;
    return sign | roundedShift(fraction | 0x80_0000, 14 - exponent);
  }
  return sign | roundedShift((exponent << 23) | fraction, 13); // a carry runs into the exponent, as it should
}

/** Nearest bfloat16, ties to even. */
export function encodeBf16(value: number): number {
  bits.setFloat32(0, value);
  const pattern = bits.getUint32(0);
  const infinite = (pattern & 0x7f80_0000) === 0x7f80_0000;
  return infinite ? pattern >>> 16 : (pattern + 0x7fff + ((pattern >>> 16) & 1)) >>> 16;
}

/** value / 2^places to the nearest whole number, ties to even. */
function roundedShift(value: number, places: number): number {
  const half = 2 ** (places - 1);
  const rest = value & (2 * half - 1);
  const whole = value >>> places;
  return rest > half || (rest === half && (whole & 1) === 1) ? whole + 1 : whole;
}

function f16Value(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >>> 10) & 31;
  const fraction = pattern & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
