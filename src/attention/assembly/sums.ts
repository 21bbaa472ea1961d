/** What is summed and looked up in rows. */

/** See row-kernel.ts. */
export function attend(
  weights: usize, prefix: usize, stride: i32, rows: i32, ranges: usize, count: i32, share: f64, masses: usize, out: usize,
): void {
  const rangesEnd = ranges + ((<usize>count) << 3);
  for (let row = 0; row < rows; row++) {
    const sums = prefix + ((<usize>row * (stride + 1)) << 3);
    const first = weights + ((<usize>row * stride) << 2);
    let mass: f64 = 0;
    for (let r = ranges; r < rangesEnd; r += 8) {
      mass += load<f64>(sums + ((<usize>load<u32>(r, 4)) << 3)) - load<f64>(sums + ((<usize>load<u32>(r)) << 3));
    }
    const total = load<f64>(sums + ((<usize>load<u32>(rangesEnd - 4)) << 3));
    if (mass < total * 1e-8) {
      mass = 0;
      for (let r = ranges; r < rangesEnd; r += 8) {
        const end = first + ((<usize>load<u32>(r, 4)) << 2);
        for (let at = first + ((<usize>load<u32>(r)) << 2); at < end; at += 4) mass += <f64>load<f32>(at);
      }
    }
    store<f64>(masses + ((<usize>row) << 3), mass);
  }
  // Four rows at once: short ranges are many, and each costs more to begin than to add.
  const rowBytes = (<usize>stride) << 2;
  for (let row = 0; row < rows; row += 4) {
    const first = weights + <usize>row * rowBytes;
    const mass = masses + ((<usize>row) << 3);
    if (row + 4 <= rows) addRows(4, first, rowBytes, mass, share, ranges, rangesEnd, out);
    else if (row + 3 == rows) addRows(3, first, rowBytes, mass, share, ranges, rangesEnd, out);
    else if (row + 2 == rows) addRows(2, first, rowBytes, mass, share, ranges, rangesEnd, out);
    else addRows(1, first, rowBytes, mass, share, ranges, rangesEnd, out);
  }
}

@inline
function factorOf(mass: usize, share: f64): f32 {
  const sum = load<f64>(mass);
  return sum == 0 ? 0 : <f32>(share / sum);
}

/** out += Σ_row weights[row] · share / masses[row] over the ranges, for n ≤ 4 rows. */
@inline
function addRows(
  n: i32, w0: usize, rowBytes: usize, masses: usize, share: f64, ranges: usize, rangesEnd: usize, out: usize,
): void {
  const w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
  const f0 = factorOf(masses, share);
  const f1 = n > 1 ? factorOf(masses + 8, share) : 0;
  const f2 = n > 2 ? factorOf(masses + 16, share) : 0;
  const f3 = n > 3 ? factorOf(masses + 24, share) : 0;
  const g0 = f32x4.splat(f0), g1 = f32x4.splat(f1), g2 = f32x4.splat(f2), g3 = f32x4.splat(f3);
  for (let r = ranges; r < rangesEnd; r += 8) {
    let at = (<usize>load<u32>(r)) << 2;
    const end = (<usize>load<u32>(r, 4)) << 2;
    for (; at + 16 <= end; at += 16) {
      let sum = f32x4.add(v128.load(out + at), f32x4.mul(v128.load(w0 + at), g0));
      if (n > 1) sum = f32x4.add(sum, f32x4.mul(v128.load(w1 + at), g1));
      if (n > 2) sum = f32x4.add(sum, f32x4.mul(v128.load(w2 + at), g2));
      if (n > 3) sum = f32x4.add(sum, f32x4.mul(v128.load(w3 + at), g3));
      v128.store(out + at, sum);
    }
    for (; at < end; at += 4) {
      let sum = load<f32>(out + at) + load<f32>(w0 + at) * f0;
      if (n > 1) sum += load<f32>(w1 + at) * f1;
      if (n > 2) sum += load<f32>(w2 + at) * f2;
      if (n > 3) sum += load<f32>(w3 + at) * f3;
      store<f32>(out + at, sum);
    }
  }
}

/** The indices j < to with row[j] ≥ threshold, ascending; returns how many. */
export function atLeast(row: usize, to: i32, threshold: f32, out: usize): i32 {
  const limit = f32x4.splat(threshold);
  let found = 0;
  let j = 0;
  for (; j + 4 <= to; j += 4) {
    // Hits are rare: sixteen at once are found to be none.
    while (j + 16 <= to) {
      const at = row + ((<usize>j) << 2);
      const low = v128.or(f32x4.ge(v128.load(at), limit), f32x4.ge(v128.load(at, 16), limit));
      const high = v128.or(f32x4.ge(v128.load(at, 32), limit), f32x4.ge(v128.load(at, 48), limit));
      if (v128.any_true(v128.or(low, high))) break;
      j += 16;
    }
    if (j + 4 > to) break;
    let hits = i32x4.bitmask(f32x4.ge(v128.load(row + ((<usize>j) << 2)), limit));
    while (hits != 0) {
      store<u32>(out + ((<usize>found) << 2), j + ctz(hits));
      found++;
      hits &= hits - 1;
    }
  }
  for (; j < to; j++) {
    if (load<f32>(row + ((<usize>j) << 2)) < threshold) continue;
    store<u32>(out + ((<usize>found) << 2), j);
    found++;
  }
  return found;
}

/** Bytes of memory that arrays have left. */
export function zero(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}

/** See row-kernel.ts. */
export function clear(ranges: usize, count: i32, out: usize): void {
  const zero = f32x4.splat(0);
  const rangesEnd = ranges + ((<usize>count) << 3);
  for (let r = ranges; r < rangesEnd; r += 8) {
    let at = out + ((<usize>load<u32>(r)) << 2);
    const end = out + ((<usize>load<u32>(r, 4)) << 2);
    for (; at + 16 <= end; at += 16) v128.store(at, zero);
    for (; at < end; at += 4) store<f32>(at, 0);
  }
}

/** See row-kernel.ts: blocks of 16 positions. A block's values come from memory once for all rows. */
export function blockSums(
  weights: usize, stride: i32, rows: i32, values: usize, headDim: i32, from: i32, to: i32, sums: usize,
): void {
  const bytes = (<usize>headDim) << 2;
  const rowBytes = (<usize>stride) << 2;
  const sumsBytes = <usize>((stride + 15) >> 4) * bytes;
  for (let block = from >> 4; block << 4 < to; block++) {
    const start = max(from, block << 4), end = min(to, (block + 1) << 4);
    for (let row = 0; row < rows; row++) {
      const w0 = weights + <usize>row * rowBytes + ((<usize>start) << 2);
      sumBlock(w0, values + <usize>start * bytes, bytes, end - start, sums + <usize>row * sumsBytes + <usize>block * bytes);
    }
  }
}

/** out[c] = Σ_i weights[i] · values[i][c] over `count` positions. */
@inline
function sumBlock(weights: usize, values: usize, bytes: usize, count: i32, out: usize): void {
  const end = weights + ((<usize>count) << 2);
  let c: usize = 0;
  for (; c + 64 <= bytes; c += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let v = values + c;
    for (let at = weights; at < end; at += 4) {
      const w = v128.load32_splat(at);
      s0 = f32x4.add(s0, f32x4.mul(w, v128.load(v)));
      s1 = f32x4.add(s1, f32x4.mul(w, v128.load(v, 16)));
      s2 = f32x4.add(s2, f32x4.mul(w, v128.load(v, 32)));
      s3 = f32x4.add(s3, f32x4.mul(w, v128.load(v, 48)));
      v += bytes;
    }
    v128.store(out + c, s0); v128.store(out + c, s1, 16); v128.store(out + c, s2, 32); v128.store(out + c, s3, 48);
  }
  for (; c < bytes; c += 4) {
    let s: f32 = 0;
    let v = values + c;
    for (let at = weights; at < end; at += 4) {
      s += load<f32>(at) * load<f32>(v);
      v += bytes;
    }
    store<f32>(out + c, s);
  }
}

/** See row-kernel.ts. */
export function weightedSum(
  weights: usize, values: usize, sums: usize, headDim: i32, ranges: usize, count: i32, out: usize,
): void {
  const bytes = (<usize>headDim) << 2;
  const rangesEnd = ranges + ((<usize>count) << 3);
  let c: usize = 0;
  for (; c + 64 <= bytes; c += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let r = ranges; r < rangesEnd; r += 8) {
      const end = load<u32>(r, 4);
      let j = load<u32>(r);
      while (j < end) {
        if ((j & 15) == 0 && j + 16 <= end) {
          const b = sums + <usize>(j >> 4) * bytes + c;
          s0 = f32x4.add(s0, v128.load(b)); s1 = f32x4.add(s1, v128.load(b, 16));
          s2 = f32x4.add(s2, v128.load(b, 32)); s3 = f32x4.add(s3, v128.load(b, 48));
          j += 16;
        } else {
          const w = v128.load32_splat(weights + ((<usize>j) << 2));
          const v = values + <usize>j * bytes + c;
          s0 = f32x4.add(s0, f32x4.mul(w, v128.load(v))); s1 = f32x4.add(s1, f32x4.mul(w, v128.load(v, 16)));
          s2 = f32x4.add(s2, f32x4.mul(w, v128.load(v, 32))); s3 = f32x4.add(s3, f32x4.mul(w, v128.load(v, 48)));
          j++;
        }
      }
    }
    v128.store(out + c, s0); v128.store(out + c, s1, 16); v128.store(out + c, s2, 32); v128.store(out + c, s3, 48);
  }
  for (; c < bytes; c += 4) {
    let s: f32 = 0;
    for (let r = ranges; r < rangesEnd; r += 8) {
      const end = load<u32>(r, 4);
      let j = load<u32>(r);
      while (j < end) {
        if ((j & 15) == 0 && j + 16 <= end) {
          s += load<f32>(sums + <usize>(j >> 4) * bytes + c);
          j += 16;
        } else {
          s += load<f32>(weights + ((<usize>j) << 2)) * load<f32>(values + <usize>j * bytes + c);
          j++;
        }
      }
    }
    store<f32>(out + c, s);
  }
}
