#include "decode-splits.h"
#include "decode-tile.cuh"

/**
 * Bound by memory: of each K and V byte read, group (queryHeads / kvHeads) · 2 FLOPs are made, on tensor cores.
 * A block of 4 warps takes a part of one sequence for the (up to 16) query heads of one KV head, so K and V are read once. Its
 * warps take turns at tiles of 8 KB, which go straight into registers: every lane's 16-byte loads are already what it holds
 * in the products S' = K · q' (16 tokens x 8 heads) and out' = V' · P' (16 dims x 8 heads), where dims are counted in another
 * order than they lie in memory, which a sum does not see. K of the next tile is on its way while V of this one is used and
 * the other way round: 4 to 8 KB for each of 12 warps of a multiprocessor, 48 KB at least. Barriers come after the last tile only.
 * The block that ends last of a sequence's parts puts their results together.
 */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int WARPS = 4;
constexpr float LOG2_E = 1.4426950408889634f;

struct Arguments {
  const uint16_t* q;
  const unsigned char *k, *v;
  const float* scales;
  const int32_t *table, *lengths;
  uint16_t* out;
  float *partial_out, *partial_sums;
  int32_t* arrivals;
  int query_heads, kv_heads, head_tiles, max_pages, split_pages, max_splits;
  float scale;  // of scores, for powers of 2
};

template <int D, bool FP8, int HEAD_TILES>
__global__ void __launch_bounds__(32 * WARPS, HEAD_TILES == 1 ? 3 : 2) decode_kernel(const Arguments a) {
  using L = DecodeTile<D, FP8>;
  constexpr int HEADS = 8 * HEAD_TILES, STEPS = D / 16, T = L::PAGES;
  const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32, row = lane / 4, column = lane % 4;
  const int sequence = int(blockIdx.z), kv_head = int(blockIdx.x) / a.head_tiles, group = a.query_heads / a.kv_heads;
  const int first_head = int(blockIdx.x) % a.head_tiles * HEADS, heads = min(HEADS, group - first_head);
  const int length = a.lengths[sequence], pages = (length + int(PAGE_TOKENS) - 1) / int(PAGE_TOKENS);
  const int from = int(blockIdx.y) * a.split_pages, to = min(pages, from + a.split_pages);
  if (from >= pages) return;
  const int splits = (pages + a.split_pages - 1) / a.split_pages;
  const size_t first_query = size_t(sequence) * a.query_heads + kv_head * group + first_head;

  uint32_t q[HEAD_TILES][D / 8];
  UNROLL
  for (int h = 0; h < HEAD_TILES; h++)
    UNROLL
    for (int i = 0; i < D / 8; i += 4) {
      constexpr int SPAN = L::K_LOAD / L::BYTES;  // dims of a lane's load of K, of 4 · SPAN of the quad
      const int dim = 2 * i / SPAN * 4 * SPAN + column * SPAN + 2 * i % SPAN;
      q[h][i] = q[h][i + 1] = q[h][i + 2] = q[h][i + 3] = 0;
      if (8 * h + row < heads) load<16>(&q[h][i], reinterpret_cast<const unsigned char*>(a.q + (first_query + 8 * h + row) * D + dim));
    }

  const float scale = a.scale * a.scales[0];
  const size_t token_bytes = size_t(a.kv_heads) * D * L::BYTES, page_bytes = token_bytes * PAGE_TOKENS;
  const unsigned char* const k_lane = a.k + size_t(kv_head) * D * L::BYTES + row * token_bytes + column * L::K_LOAD;
  const unsigned char* const v_lane = a.v + size_t(kv_head) * D * L::BYTES + 2 * column * token_bytes + row * L::V_LOAD;
  const int tiles = (to - from + T - 1) / T, own = (tiles - warp + WARPS - 1) / WARPS;

  // Each lane knows the page of one of the warp's next 32 places: the one at index i of the batch lies in tile i / T.
  constexpr int BATCH = 32 / T;
  const int32_t* const table = a.table + size_t(sequence) * a.max_pages;
  const auto page_in = [&](int batch) { return table[min(to - 1, from + (warp + WARPS * (batch * BATCH + lane / T)) * T + lane % T)]; };
  const auto first_page = [&](int tile) { return from + (warp + WARPS * tile) * T; };
  int page_ids = page_in(0), next_ids = page_in(1);

  uint32_t k[T][2][L::K_WORDS], v[T][4][L::V_WORDS];
  const auto load_k = [&](int tile) {
    UNROLL
    for (int t = 0; t < T; t++) {
      const unsigned char* const page = k_lane + size_t(__shfl_sync(0xffffffffu, page_ids, tile % BATCH * T + t)) * page_bytes;
      UNROLL
      for (int r = 0; r < 2; r++)
        UNROLL
        for (int i = 0; i < L::K_WORDS; i += L::K_LOAD / 4) load<L::K_LOAD>(&k[t][r][i], page + 8 * r * token_bytes + 16 * i);
    }
  };
  const auto load_v = [&](int tile) {
    UNROLL
    for (int t = 0; t < T; t++) {
      const unsigned char* const page = v_lane + size_t(__shfl_sync(0xffffffffu, page_ids, tile % BATCH * T + t)) * page_bytes;
      const int token = (first_page(tile) + t) * int(PAGE_TOKENS) + 2 * column;
      UNROLL
      for (int r = 0; r < 4; r++)
        UNROLL
        for (int i = 0; i < L::V_WORDS; i += L::V_LOAD / 4) {
          const int offset = r % 2 + r / 2 * 8;
          UNROLL
          for (int j = 0; j < L::V_LOAD / 4; j++) v[t][r][i + j] = 0;
          // What lies behind the last key may be no number, which a probability of zero would not make zero.
          if (token + offset < length) load<L::V_LOAD>(&v[t][r][i], page + offset * token_bytes + 32 * i);
        }
    }
  };

  float out[HEAD_TILES][STEPS][4] = {}, most[HEAD_TILES][2], sum[HEAD_TILES][2] = {};
  UNROLL
  for (int h = 0; h < HEAD_TILES; h++) most[h][0] = most[h][1] = -INFINITY;
  if (own > 0) load_k(0), load_v(0);
  for (int tile = 0; tile < own; tile++) {
    float scores[T][HEAD_TILES][4] = {};
    UNROLL
    for (int t = 0; t < T; t++) {
      uint32_t upper[D / 8], lower[D / 8];
      widen<FP8>(upper, k[t][0]);
      widen<FP8>(lower, k[t][1]);
      UNROLL
      for (int s = 0; s < STEPS; s++)
        UNROLL
        for (int h = 0; h < HEAD_TILES; h++) {
          const uint32_t left[4] = {upper[2 * s], lower[2 * s], upper[2 * s + 1], lower[2 * s + 1]};
          const uint32_t right[2] = {q[h][2 * s], q[h][2 * s + 1]};
          mma_16x8x16(scores[t][h], left, right);
        }
    }
    // The pages of V of this tile are loaded already, so the ids may move on.
    if ((tile + 1) % BATCH == 0) page_ids = next_ids, next_ids = page_in((tile + 1) / BATCH + 1);
    if (tile + 1 < own) load_k(tile + 1);

    uint32_t weights[T][HEAD_TILES][2];
    UNROLL
    for (int h = 0; h < HEAD_TILES; h++) {
      float peak[2] = {most[h][0], most[h][1]};
      UNROLL
      for (int t = 0; t < T; t++)
        UNROLL
        for (int i = 0; i < 4; i++) {
          const int token = (first_page(tile) + t) * int(PAGE_TOKENS) + row + i / 2 * 8;
          scores[t][h][i] = token < length ? scores[t][h][i] * scale : -INFINITY;
          peak[i % 2] = fmaxf(peak[i % 2], scores[t][h][i]);
        }
      UNROLL
      for (int j = 0; j < 2; j++) {
        UNROLL
        for (int step = 4; step < 32; step *= 2) peak[j] = fmaxf(peak[j], __shfl_xor_sync(0xffffffffu, peak[j], step));
        const float shrink = exp2_approximate(most[h][j] - peak[j]);
        most[h][j] = peak[j];
        sum[h][j] *= shrink;
        UNROLL
        for (int s = 0; s < STEPS; s++) out[h][s][j] *= shrink, out[h][s][j + 2] *= shrink;
      }
      UNROLL
      for (int t = 0; t < T; t++) {
        UNROLL
        for (int i = 0; i < 4; i++) {
          scores[t][h][i] = exp2_approximate(scores[t][h][i] - peak[i % 2]);
          sum[h][i % 2] += scores[t][h][i];
        }
        weights[t][h][0] = transpose_matrix(pack_bf16(scores[t][h][0], scores[t][h][1]));
        weights[t][h][1] = transpose_matrix(pack_bf16(scores[t][h][2], scores[t][h][3]));
      }
    }
    UNROLL
    for (int t = 0; t < T; t++) {
      uint32_t wide[4][D / 16];
      UNROLL
      for (int r = 0; r < 4; r++) widen<FP8>(wide[r], v[t][r]);
      UNROLL
      for (int s = 0; s < STEPS; s++) {
        const uint32_t left[4] = {(wide[0][s] & 0xffff) | wide[1][s] << 16, wide[0][s] >> 16 | (wide[1][s] & 0xffff0000u),
                                  (wide[2][s] & 0xffff) | wide[3][s] << 16, wide[2][s] >> 16 | (wide[3][s] & 0xffff0000u)};
        UNROLL
        for (int h = 0; h < HEAD_TILES; h++) mma_16x8x16(out[h][s], left, weights[t][h]);
      }
    }
    if (tile + 1 < own) load_v(tile + 1);
  }

  // Results of the warps, then of the block: out of a maximum of its own each.
  __shared__ float warp_most[WARPS][HEADS], warp_total[WARPS][HEADS], block_out[WARPS][HEADS][D];
  UNROLL
  for (int h = 0; h < HEAD_TILES; h++)
    UNROLL
    for (int j = 0; j < 2; j++) {
      const int head = 8 * h + 2 * column + j;
      UNROLL
      for (int step = 4; step < 32; step *= 2) sum[h][j] += __shfl_xor_sync(0xffffffffu, sum[h][j], step);
      if (row == 0) warp_most[warp][head] = most[h][j], warp_total[warp][head] = sum[h][j];
      UNROLL
      for (int s = 0; s < STEPS; s++) {
        constexpr int SPAN = L::V_LOAD / L::BYTES;
        const int dim = 2 * s / SPAN * 8 * SPAN + row * SPAN + 2 * s % SPAN;
        block_out[warp][head][dim] = out[h][s][j];
        block_out[warp][head][dim + 1] = out[h][s][j + 2];
      }
    }
  __syncthreads();
  const size_t query_part = (size_t(sequence) * a.max_splits + blockIdx.y) * a.query_heads + kv_head * group + first_head;
  for (int i = int(threadIdx.x); i < heads * D; i += 32 * WARPS) {
    const int head = i / D, dim = i % D;
    float peak = -INFINITY, total = 0, value = 0;
    for (int w = 0; w < WARPS; w++) peak = fmaxf(peak, warp_most[w][head]);
    for (int w = 0; w < WARPS; w++) {
      const float weight = exp2_approximate(warp_most[w][head] - peak);
      total += weight * warp_total[w][head];
      value += weight * block_out[w][head][dim];
    }
    if (splits == 1) {
      a.out[(first_query + head) * D + dim] = float_to_bf16(value * a.scales[1] / total);
    } else {
      a.partial_out[(query_part + head) * D + dim] = value;
      if (dim == 0) a.partial_sums[(query_part + head) * 2] = peak, a.partial_sums[(query_part + head) * 2 + 1] = total;
    }
  }
  if (splits == 1) return;

  // The block that comes last puts the parts together. What the others wrote is seen behind the fences.
  __shared__ int is_last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    int32_t* const arrivals = a.arrivals + size_t(sequence) * a.query_heads + blockIdx.x;
    is_last = atomicAdd(arrivals, 1) == splits - 1;
    if (is_last) *arrivals = 0;
  }
  __syncthreads();
  if (!is_last) return;
  __threadfence();
  float* const part_weights = &block_out[0][0][0];  // [heads][splits]
  const size_t query_0 = size_t(sequence) * a.max_splits * a.query_heads + kv_head * group + first_head;
  for (int head = warp; head < heads; head += WARPS) {
    const auto sums = [&](int split) { return a.partial_sums + (query_0 + size_t(split) * a.query_heads + head) * 2; };
    float peak = -INFINITY, total = 0;
    for (int split = lane; split < splits; split += 32) peak = fmaxf(peak, sums(split)[0]);
    peak = warp_max(peak);
    for (int split = lane; split < splits; split += 32) total += exp2_approximate(sums(split)[0] - peak) * sums(split)[1];
    const float factor = a.scales[1] / warp_sum(total);
    for (int split = lane; split < splits; split += 32)
      part_weights[head * splits + split] = exp2_approximate(sums(split)[0] - peak) * factor;
  }
  __syncthreads();
  for (int i = int(threadIdx.x); i < heads * D / 4; i += 32 * WARPS) {
    const int head = i / (D / 4), dim = i % (D / 4) * 4;
    float value[4] = {};
    for (int split = 0; split < splits; split++) {
      const float4 part = *reinterpret_cast<const float4*>(a.partial_out + (query_0 + size_t(split) * a.query_heads + head) * D + dim);
      const float weight = part_weights[head * splits + split];
      value[0] += weight * part.x, value[1] += weight * part.y, value[2] += weight * part.z, value[3] += weight * part.w;
    }
    *reinterpret_cast<uint2*>(a.out + (first_query + head) * D + dim) = {pack_bf16(value[0], value[1]), pack_bf16(value[2], value[3])};
  }
}

template <int D, bool FP8, int HEAD_TILES>
Run run(const DecodeAttention& p) {
  const PagedKv& kv = p.kv;
  const int64_t group = p.query_heads / kv.kv_heads;
  Arguments a = {};
  a.query_heads = int(p.query_heads);
  a.kv_heads = int(kv.kv_heads);
  a.head_tiles = int((group + 8 * HEAD_TILES - 1) / (8 * HEAD_TILES));
  a.max_pages = int(kv.max_pages);
  a.max_splits = int(p.max_splits());
  a.split_pages = split_pages(p, WARPS * TILE_BYTES, a.head_tiles, multiprocessors() * blocks_each(decode_kernel<D, FP8, HEAD_TILES>, 32 * WARPS, 0));
  a.scale = LOG2_E / std::sqrt(float(D));
  const dim3 grid(unsigned(kv.kv_heads * a.head_tiles), unsigned((kv.max_pages + a.split_pages - 1) / a.split_pages), unsigned(kv.sequences));
  return [a, grid](const Pointers& arrays, void* stream) {
    using P = DecodeAttention;
    Arguments all = a;
    all.q = static_cast<const uint16_t*>(arrays[P::Q]);
    all.k = static_cast<const unsigned char*>(arrays[P::K]);
    all.v = static_cast<const unsigned char*>(arrays[P::V]);
    all.scales = static_cast<const float*>(arrays[P::SCALES]);
    all.table = static_cast<const int32_t*>(arrays[P::TABLE]);
    all.lengths = static_cast<const int32_t*>(arrays[P::LENGTHS]);
    all.out = static_cast<uint16_t*>(arrays[P::OUT]);
    all.partial_out = static_cast<float*>(arrays[P::PARTIAL_OUT]);
    all.partial_sums = static_cast<float*>(arrays[P::PARTIAL_SUMS]);
    all.arrivals = static_cast<int32_t*>(arrays[P::ARRIVALS]);
    launch(decode_kernel<D, FP8, HEAD_TILES>, grid, dim3(32 * WARPS), 0, stream, all);
  };
}

template <int D, bool FP8>
Run run_for_group(const DecodeAttention& p) { return p.query_heads / p.kv.kv_heads <= 8 ? run<D, FP8, 1>(p) : run<D, FP8, 2>(p); }

}  // namespace

Run decode_attention(const Problem& problem) {
  const auto& p = dynamic_cast<const DecodeAttention&>(problem);
  if (p.kv.format == Type::fp8) return p.kv.head_dim == 64 ? run_for_group<64, true>(p) : run_for_group<128, true>(p);
  return p.kv.head_dim == 64 ? run_for_group<64, false>(p) : run_for_group<128, false>(p);
}

}  // namespace raas::RAAS_DEVICE
