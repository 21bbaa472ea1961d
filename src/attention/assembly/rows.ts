/** Rows of attention: products with keys and bounds of them, and their softmax. */

/** Keys come in tiles of 8 positions, channel by channel: [tile][headDim][8]. Fills out[row][8 · fromTile … 8 · toTile - 1]. */
export function dots(
  q: usize, rows: i32, headDim: i32, keys: usize, fromTile: i32, toTile: i32, scale: f32, out: usize, outStride: i32,
): void {
  const factor = f32x4.splat(scale);
  const rowBytes = <usize>headDim << 2;
  const outBytes = <usize>outStride << 2;
  for (let tile = fromTile; tile < toTile; tile++) {
    const tileStart = keys + <usize>tile * rowBytes * 8;
    const tileEnd = tileStart + rowBytes * 8;
    let to = out + ((<usize>tile) << 5);
    let query = q;
    let row = 0;
    for (; row + 4 <= rows; row += 4) {
      let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
      let at = query;
      const q1 = rowBytes, q2 = rowBytes * 2, q3 = rowBytes * 3;
      for (let k = tileStart; k < tileEnd; k += 32) {
        const k0 = v128.load(k), k1 = v128.load(k, 16);
        let s = v128.load32_splat(at);
        a0 = f32x4.add(a0, f32x4.mul(s, k0)); a1 = f32x4.add(a1, f32x4.mul(s, k1));
        s = v128.load32_splat(at + q1);
        b0 = f32x4.add(b0, f32x4.mul(s, k0)); b1 = f32x4.add(b1, f32x4.mul(s, k1));
        s = v128.load32_splat(at + q2);
        c0 = f32x4.add(c0, f32x4.mul(s, k0)); c1 = f32x4.add(c1, f32x4.mul(s, k1));
        s = v128.load32_splat(at + q3);
        d0 = f32x4.add(d0, f32x4.mul(s, k0)); d1 = f32x4.add(d1, f32x4.mul(s, k1));
        at += 4;
      }
      v128.store(to, f32x4.mul(a0, factor)); v128.store(to, f32x4.mul(a1, factor), 16);
      to += outBytes;
      v128.store(to, f32x4.mul(b0, factor)); v128.store(to, f32x4.mul(b1, factor), 16);
      to += outBytes;
      v128.store(to, f32x4.mul(c0, factor)); v128.store(to, f32x4.mul(c1, factor), 16);
      to += outBytes;
      v128.store(to, f32x4.mul(d0, factor)); v128.store(to, f32x4.mul(d1, factor), 16);
      to += outBytes;
      query += rowBytes * 4;
    }
    for (; row < rows; row++) {
      let a0 = f32x4.splat(0), a1 = a0;
      let at = query;
      for (let k = tileStart; k < tileEnd; k += 32) {
        const s = v128.load32_splat(at);
        a0 = f32x4.add(a0, f32x4.mul(s, v128.load(k))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(k, 16)));
        at += 4;
      }
      v128.store(to, f32x4.mul(a0, factor)); v128.store(to, f32x4.mul(a1, factor), 16);
      to += outBytes;
      query += rowBytes;
    }
  }
}

/** e^x of four numbers ≤ 0: 2^n · e^r with |r| ≤ ln 2 / 2 and a polynomial of degree 6; 0 below the normal numbers. */
@inline
function exp4(x: v128): v128 {
  const alive = f32x4.ge(x, f32x4.splat(-87.33));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.and(f32x4.mul(p, power), alive);
}

/** weights[j] = e^(logits[j] - max) for from ≤ j < to, 0 before; prefix[j] = sum of the weights before j, f64, to + 1 of them. */
export function softmax(logits: usize, from: i32, to: i32, weights: usize, prefix: usize): void {
  const first = logits + ((<usize>from) << 2);
  const end = logits + ((<usize>to) << 2);
  let most4 = f32x4.splat(-Infinity);
  let at = first;
  for (; at + 16 <= end; at += 16) most4 = f32x4.pmax(most4, v128.load(at));
  let most = max(
    max(f32x4.extract_lane(most4, 0), f32x4.extract_lane(most4, 1)),
    max(f32x4.extract_lane(most4, 2), f32x4.extract_lane(most4, 3)),
  );
  for (; at < end; at += 4) most = max(most, load<f32>(at));

  memory.fill(weights, 0, (<usize>from) << 2);
  memory.fill(prefix, 0, ((<usize>from) + 1) << 3);
  const shift = f32x4.splat(most);
  let to32 = weights + ((<usize>from) << 2);
  let to64 = prefix + (((<usize>from) + 1) << 3);
  let sum: f64 = 0;
  at = first;
  for (; at + 16 <= end; at += 16) {
    const e = exp4(f32x4.sub(v128.load(at), shift));
    v128.store(to32, e);
    sum += <f64>f32x4.extract_lane(e, 0); store<f64>(to64, sum);
    sum += <f64>f32x4.extract_lane(e, 1); store<f64>(to64, sum, 8);
    sum += <f64>f32x4.extract_lane(e, 2); store<f64>(to64, sum, 16);
    sum += <f64>f32x4.extract_lane(e, 3); store<f64>(to64, sum, 24);
    to32 += 16;
    to64 += 32;
  }
  for (; at < end; at += 4) {
    const e = f32x4.extract_lane(exp4(f32x4.splat(load<f32>(at) - most)), 0);
    store<f32>(to32, e);
    sum += <f64>e;
    store<f64>(to64, sum);
    to32 += 4;
    to64 += 8;
  }
}

/** See row-kernel.ts. Four sums of a tile at once: low and high lanes of it, of even and odd channels. */
export function pageBounds(
  q: usize, rows: i32, headDim: i32, low: usize, high: usize, tiles: i32, factor: f32, out: usize,
): void {
  const rowBytes = (<usize>headDim) << 2;
  const queriesEnd = q + <usize>rows * rowBytes;
  const even = rowBytes & ~7;
  const factor4 = f32x4.splat(factor);
  for (let tile = 0; tile < tiles; tile++) {
    const offset = <usize>tile * rowBytes * 8;
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0;
    for (let query = q; query < queriesEnd; query += rowBytes) {
      let l = low + offset, h = high + offset;
      let c: usize = 0;
      for (; c < even; c += 8) {
        let s = v128.load32_splat(query + c);
        a0 = f32x4.add(a0, f32x4.pmax(f32x4.mul(s, v128.load(l)), f32x4.mul(s, v128.load(h))));
        a1 = f32x4.add(a1, f32x4.pmax(f32x4.mul(s, v128.load(l, 16)), f32x4.mul(s, v128.load(h, 16))));
        s = v128.load32_splat(query + c, 4);
        b0 = f32x4.add(b0, f32x4.pmax(f32x4.mul(s, v128.load(l, 32)), f32x4.mul(s, v128.load(h, 32))));
        b1 = f32x4.add(b1, f32x4.pmax(f32x4.mul(s, v128.load(l, 48)), f32x4.mul(s, v128.load(h, 48))));
        l += 64; h += 64;
      }
      for (; c < rowBytes; c += 4) {
        const s = v128.load32_splat(query + c);
        a0 = f32x4.add(a0, f32x4.pmax(f32x4.mul(s, v128.load(l)), f32x4.mul(s, v128.load(h))));
        a1 = f32x4.add(a1, f32x4.pmax(f32x4.mul(s, v128.load(l, 16)), f32x4.mul(s, v128.load(h, 16))));
        l += 32; h += 32;
      }
    }
    const to = out + ((<usize>tile) << 5);
    v128.store(to, f32x4.mul(f32x4.add(a0, b0), factor4));
    v128.store(to, f32x4.mul(f32x4.add(a1, b1), factor4), 16);
  }
}
