#include "bf16x8.cuh"
#include "rope.h"

/**
 * A row of blocks a token; each thread turns eight pairs of one head: 32 bytes loaded and stored, and 64 of the table, which
 * all heads of a token share (L1). Bound by bandwidth, in decode by the launch.
 */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int THREADS = 128;

__global__ void __launch_bounds__(THREADS)
rope_kernel(uint4* __restrict__ q, uint4* __restrict__ k, const int* __restrict__ positions, const float4* __restrict__ table,
            int query_heads, int kv_heads, int chunks /* of 8 values, in half a head */) {
  const int item = int(blockIdx.y * THREADS + threadIdx.x), token = int(blockIdx.x);
  const int head = item / chunks, chunk = item % chunks;
  if (head >= query_heads + kv_heads) return;
  const bool is_query = head < query_heads;
  uint4* const first = (is_query ? q + (size_t(token) * query_heads + head) * 2 * chunks
                                 : k + (size_t(token) * kv_heads + (head - query_heads)) * 2 * chunks) + chunk;
  const float4* const cosines = table + size_t(positions[token]) * 4 * chunks + 2 * chunk;
  const float4* const sines = cosines + 2 * chunks;
  const uint4 a_bits = first[0], b_bits = first[chunks];
  float a[8], b[8];
  unpack_bf16(a_bits, a);
  unpack_bf16(b_bits, b);
  UNROLL for (int half = 0; half < 2; half++) {
    const float4 c = cosines[half], s = sines[half];
    const float cs[4] = {c.x, c.y, c.z, c.w}, sn[4] = {s.x, s.y, s.z, s.w};
    for (int i = 0; i < 4; i++) {
      const float x = a[4 * half + i], y = b[4 * half + i];
      a[4 * half + i] = x * cs[i] - y * sn[i];
      b[4 * half + i] = y * cs[i] + x * sn[i];
    }
  }
  first[0] = pack_bf16(a);
  first[chunks] = pack_bf16(b);
}

}  // namespace

Run rope(const Problem& problem) {
  const auto& rope = dynamic_cast<const Rope&>(problem);
  const int query_heads = int(rope.query_heads), kv_heads = int(rope.kv_heads), chunks = int(rope.head_dim / 16);
  const dim3 grid(unsigned(rope.tokens), unsigned(((query_heads + kv_heads) * chunks + THREADS - 1) / THREADS));
  return [=](const Pointers& arrays, void* stream) {
    launch(rope_kernel, grid, dim3(THREADS), 0, stream, static_cast<uint4*>(arrays[0]), static_cast<uint4*>(arrays[1]),
           static_cast<const int*>(arrays[2]), static_cast<const float4*>(arrays[3]), query_heads, kv_heads, chunks);
  };
}

}  // namespace raas::RAAS_DEVICE
