#include "prefill-attention.h"
#include "prefill-tiles.cuh"

/**
 * Bound by arithmetic from a few hundred new tokens on: FlashAttention-2 (Dao 2023) with mma.sync, tiles of 128 queries and
 * 64 keys. The queries of a tile are the tokens' query heads of one KV head, all of a token before the next, so a tile of K
 * and V serves the whole group. Each of 4 warps has 32 queries: with 16, reading K and V from shared memory would take longer
 * than the products. Scores, softmax and weighted sum stay in registers; V is copied while scores are computed, the next K
 * during softmax and sum; two blocks share a multiprocessor, so one's softmax runs beside the other's products.
 * Blocks of one KV head follow each other, the longest first, so that what they read at a time fits in the L2 cache.
 * A grid of few queries (fewer than 128 · multiprocessors) leaves multiprocessors idle: keys are not split among blocks.
 */
namespace raas::RAAS_DEVICE {
namespace {

constexpr int TILE_QUERIES = 128;
constexpr int WARP_QUERIES = 32;
constexpr float LOG2_E = 1.4426950408889634f;

struct Arguments {
  const uint16_t* q;
  const unsigned char *k, *v;
  const float* scales;
  const int32_t *table, *lengths;
  uint16_t* out;
  int tokens, query_heads, kv_heads, max_pages;
  float scale;  // of scores, for powers of 2
};

template <int D, bool FP8>
constexpr size_t shared_bytes() { return size_t(TILE_QUERIES + 2 * TILE_KEYS) * D * 2 + 2 * PageTileLoader<D, FP8>::STAGE_BYTES; }

template <int D, bool FP8>
__global__ void __launch_bounds__(PREFILL_THREADS, 2) prefill_kernel(const Arguments a) {
  using Loader = PageTileLoader<D, FP8>;
  constexpr int STEPS = D / 16, PARTS = WARP_QUERIES / 16, KEY_TILES = TILE_KEYS / 8, DIM_TILES = D / 8;
  DYNAMIC_SHARED(shared);
  uint16_t* const q_tile = reinterpret_cast<uint16_t*>(shared);
  uint16_t* const k_tile = q_tile + TILE_QUERIES * D;
  uint16_t* const v_tile = k_tile + TILE_KEYS * D;
  unsigned char* const k_stage = reinterpret_cast<unsigned char*>(v_tile + TILE_KEYS * D);
  unsigned char* const v_stage = k_stage + Loader::STAGE_BYTES;

  const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32;
  const int sequence = int(blockIdx.z), kv_head = int(blockIdx.y), group = a.query_heads / a.kv_heads;
  const int queries = a.tokens * group, first_query = int(gridDim.x - 1 - blockIdx.x) * TILE_QUERIES;
  const int length = a.lengths[sequence], cached = length - a.tokens;
  const int last_token = min(queries - 1, first_query + TILE_QUERIES - 1) / group;
  const int tiles = (cached + last_token) / TILE_KEYS + 1;
  const size_t q_start = (size_t(sequence) * a.tokens * a.query_heads + size_t(kv_head) * group) * D;
  // Where a query of the group's lies behind q_start.
  const auto q_offset = [&](int query) { return (size_t(query / group) * a.query_heads + query % group) * D; };

  for (int i = int(threadIdx.x); i < TILE_QUERIES * DIM_TILES; i += PREFILL_THREADS) {
    const int row = i / DIM_TILES, chunk = i % DIM_TILES, query = first_query + row;
    const bool valid = query < queries;
    copy_async_16(tile_chunk<D>(q_tile, row, chunk), a.q + q_start + (valid ? q_offset(query) : 0) + 8 * chunk, valid);
  }
  const Loader loader(a.table + size_t(sequence) * a.max_pages, length, a.kv_heads);
  const size_t head_bytes = size_t(kv_head) * D * (FP8 ? 1 : 2);
  int ids[Loader::IDS];
  loader.find_pages(ids, 0);
  loader.start(k_tile, k_stage, a.k + head_bytes, ids, 0);

  // A lane has, of each 16 queries, rows lane / 4 and lane / 4 + 8; of each 8 keys or dims, columns 2 · (lane % 4) + {0, 1}.
  float out[PARTS][DIM_TILES][4] = {}, most[PARTS][2], sum[PARTS][2] = {};
  UNROLL
  for (int p = 0; p < PARTS; p++)
    UNROLL
    for (int r = 0; r < 2; r++) most[p][r] = -INFINITY;
  const int open_keys = cached + (first_query + warp * WARP_QUERIES) / group + 1;  // that all queries of the warp see
  const float scale = a.scale * a.scales[0];

  // Where a lane's rows of the fragments lie: chunk c of a row is c ^ (row % 8), and all their rows are lane % 8 modulo 8.
  const uint16_t* const q_rows = q_tile + (warp * WARP_QUERIES + lane % 16) * D;
  const uint16_t* const k_rows = k_tile + (lane / 16 * 8 + lane % 8) * D;
  const uint16_t* const v_rows = v_tile + lane % 16 * D;
  int half_chunk = lane % 8 ^ lane / 16, k_half_chunk = lane % 8 ^ lane / 8 % 2;

  for (int tile = 0; tile < tiles; tile++) {
    // Computed anew in every round: kept from round to round, the chunks' addresses would not fit in registers.
    forget(half_chunk), forget(k_half_chunk);
    loader.finish(k_tile, k_stage);
    __syncthreads();  // K is there, and no warp reads the last V any more
    loader.start(v_tile, v_stage, a.v + head_bytes, ids, tile * TILE_KEYS);
    loader.find_pages(ids, tile + 1);

    float scores[PARTS][KEY_TILES][4] = {};
    UNROLL
    for (int s = 0; s < STEPS; s++) {
      uint32_t left[PARTS][4];
      UNROLL
      for (int p = 0; p < PARTS; p++)
        load_matrices(left[p], q_rows + 16 * p * D + (2 * s ^ half_chunk) * 8);
      UNROLL
      for (int n = 0; n < KEY_TILES; n += 2) {
        uint32_t four[4];
        load_matrices(four, k_rows + 8 * n * D + (2 * s ^ k_half_chunk) * 8);
        const uint32_t even[2] = {four[0], four[1]}, odd[2] = {four[2], four[3]};
        UNROLL
        for (int p = 0; p < PARTS; p++) {
          mma_16x8x16(scores[p][n], left[p], even);
          mma_16x8x16(scores[p][n + 1], left[p], odd);
        }
      }
    }
    loader.finish(v_tile, v_stage);
    __syncthreads();  // V is there, and no warp reads this K any more
    if (tile + 1 < tiles) loader.start(k_tile, k_stage, a.k + head_bytes, ids, (tile + 1) * TILE_KEYS);

    if ((tile + 1) * TILE_KEYS > open_keys) {
      UNROLL
      for (int p = 0; p < PARTS; p++)
        UNROLL
        for (int r = 0; r < 2; r++) {
          const int query = first_query + warp * WARP_QUERIES + 16 * p + 8 * r + lane / 4;
          const int last = cached + min(query, queries - 1) / group - tile * TILE_KEYS - 2 * (lane % 4);
          UNROLL
          for (int n = 0; n < KEY_TILES; n++)
            UNROLL
            for (int j = 0; j < 2; j++)
              if (8 * n + j > last) scores[p][n][2 * r + j] = -INFINITY;
        }
    }
    UNROLL
    for (int p = 0; p < PARTS; p++)
      UNROLL
      for (int r = 0; r < 2; r++) {
        float peak = most[p][r];
        UNROLL
        for (int n = 0; n < KEY_TILES; n++) peak = fmaxf(peak, fmaxf(scores[p][n][2 * r], scores[p][n][2 * r + 1]));
        peak = fmaxf(peak, __shfl_xor_sync(0xffffffffu, peak, 1));
        peak = fmaxf(peak, __shfl_xor_sync(0xffffffffu, peak, 2));
        // Every query sees the first key, so from the first tile on there is a peak.
        const float shrink = exp2_approximate((most[p][r] - peak) * scale), offset = peak * scale;
        most[p][r] = peak;
        sum[p][r] *= shrink;
        UNROLL
        for (int n = 0; n < DIM_TILES; n++) out[p][n][2 * r] *= shrink, out[p][n][2 * r + 1] *= shrink;
        UNROLL
        for (int n = 0; n < KEY_TILES; n++)
          UNROLL
          for (int j = 0; j < 2; j++) {
            float& score = scores[p][n][2 * r + j];
            score = exp2_approximate(score * scale - offset);
            sum[p][r] += score;
          }
      }
    UNROLL
    for (int k = 0; k < TILE_KEYS / 16; k++) {
      uint32_t left[PARTS][4];
      UNROLL
      for (int p = 0; p < PARTS; p++)
        UNROLL
        for (int i = 0; i < 4; i++) left[p][i] = pack_bf16(scores[p][2 * k + i / 2][i % 2 * 2], scores[p][2 * k + i / 2][i % 2 * 2 + 1]);
      UNROLL
      for (int n = 0; n < DIM_TILES; n += 2) {
        uint32_t four[4];
        load_matrices_transposed(four, v_rows + 16 * k * D + (n ^ half_chunk) * 8);
        const uint32_t even[2] = {four[0], four[1]}, odd[2] = {four[2], four[3]};
        UNROLL
        for (int p = 0; p < PARTS; p++) {
          mma_16x8x16(out[p][n], left[p], even);
          mma_16x8x16(out[p][n + 1], left[p], odd);
        }
      }
    }
  }

  // Through the warp's own rows of the queries' tile, so that rows are written 16 bytes a lane.
  __syncwarp();
  UNROLL
  for (int p = 0; p < PARTS; p++)
    UNROLL
    for (int r = 0; r < 2; r++) {
      sum[p][r] += __shfl_xor_sync(0xffffffffu, sum[p][r], 1);
      sum[p][r] += __shfl_xor_sync(0xffffffffu, sum[p][r], 2);
      const float factor = a.scales[1] / sum[p][r];
      UNROLL
      for (int n = 0; n < DIM_TILES; n++)
        *reinterpret_cast<uint32_t*>(tile_chunk<D>(q_tile, warp * WARP_QUERIES + 16 * p + 8 * r + lane / 4, n) + 2 * (lane % 4)) =
            pack_bf16(out[p][n][2 * r] * factor, out[p][n][2 * r + 1] * factor);
    }
  __syncwarp();
  for (int i = lane; i < WARP_QUERIES * DIM_TILES; i += 32) {
    const int row = warp * WARP_QUERIES + i / DIM_TILES, chunk = i % DIM_TILES, query = first_query + row;
    if (query < queries)
      *reinterpret_cast<uint4*>(a.out + q_start + q_offset(query) + 8 * chunk) = *reinterpret_cast<const uint4*>(tile_chunk<D>(q_tile, row, chunk));
  }
}

template <int D, bool FP8>
Run run(const PrefillAttention& p) {
  const PagedKv& kv = p.kv;
  Arguments a = {};
  a.tokens = int(p.tokens);
  a.query_heads = int(p.query_heads);
  a.kv_heads = int(kv.kv_heads);
  a.max_pages = int(kv.max_pages);
  a.scale = LOG2_E / std::sqrt(float(D));
  const int64_t queries = p.tokens * p.query_heads / kv.kv_heads;
  const dim3 grid(unsigned((queries + TILE_QUERIES - 1) / TILE_QUERIES), unsigned(kv.kv_heads), unsigned(kv.sequences));
  return [a, grid](const Pointers& arrays, void* stream) {
    using P = PrefillAttention;
    Arguments all = a;
    all.q = static_cast<const uint16_t*>(arrays[P::Q]);
    all.k = static_cast<const unsigned char*>(arrays[P::K]);
    all.v = static_cast<const unsigned char*>(arrays[P::V]);
    all.scales = static_cast<const float*>(arrays[P::SCALES]);
    all.table = static_cast<const int32_t*>(arrays[P::TABLE]);
    all.lengths = static_cast<const int32_t*>(arrays[P::LENGTHS]);
    all.out = static_cast<uint16_t*>(arrays[P::OUT]);
    launch(prefill_kernel<D, FP8>, grid, dim3(PREFILL_THREADS), shared_bytes<D, FP8>(), stream, all);
  };
}

}  // namespace

Run prefill_attention(const Problem& problem) {
  const auto& p = dynamic_cast<const PrefillAttention&>(problem);
  if (p.kv.format == Type::fp8) return p.kv.head_dim == 64 ? run<64, true>(p) : run<128, true>(p);
  return p.kv.head_dim == 64 ? run<64, false>(p) : run<128, false>(p);
}

}  // namespace raas::RAAS_DEVICE
