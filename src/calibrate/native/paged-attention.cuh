#pragma once
#include "attention-parts.cuh"

/**
 * Decode attention over any list of pages (bf16, 16 tokens): what the kernels of sparse policies have in common.
 * A warp takes one page after another, keys and values of one KV head, through a pipeline of its own in shared memory, and
 * multiplies them on tensor cores with the up to 16 query heads of the group; nothing waits for another warp until the
 * end, when the warps of a block and then the blocks of a sequence put their softmaxes together.
 */
namespace raas::RAAS_DEVICE {

/** K and V of a cache, and where the pages of one KV head begin in it. */
struct HeadPages {
  const uint16_t *keys, *values;  // [pages][16][kvHeads][headDim]
  int kv_heads;
};

template <int HEAD_DIM>
class PageAttention {
 public:
  static constexpr int CHUNKS = HEAD_DIM / 8;  // of 16 bytes in a token's row
  static constexpr int PAGE_BYTES = TOKENS * HEAD_DIM * 2;
  static constexpr int STAGE_BYTES = 2 * PAGE_BYTES;  // keys, then values
  static_assert(STAGES * STAGE_BYTES >= (16 * HEAD_DIM + 32) * 4, "a warp's share overwrites its pipeline");

  /** Where a chunk of a token lies in a page in shared memory: turned by the token, so that 8 tokens' lie in all banks. */
  static __device__ int offset(int token, int chunk) { return (token * CHUNKS + (chunk ^ (token & 7))) * 16; }

  /** Begins to copy a page; tokens from `tokens` on become zeros, since what lies there may be no number. */
  static __device__ void fetch(unsigned char* stage, const HeadPages& in, int page, int head, int tokens) {
    constexpr int ROWS = 32 / CHUNKS;  // tokens of which the lanes copy 16 bytes each
    const int chunk = lane() % CHUNKS, stride = in.kv_heads * HEAD_DIM;
    size_t at = (size_t(page) * TOKENS + lane() / CHUNKS) * stride + head * HEAD_DIM + chunk * 8;
    for (int token = lane() / CHUNKS; token < TOKENS; token += ROWS, at += ROWS * stride) {
      copy_async_16(stage + offset(token, chunk), in.keys + at, token < tokens);
      copy_async_16(stage + PAGE_BYTES + offset(token, chunk), in.values + at, token < tokens);
    }
  }

  /** `q`: the group's query heads one after the other; exponentials are taken to base 2. */
  __device__ void start(const uint16_t* q, int group) {
    const int row = lane() / 4, column = lane() % 4 * 2;
    for (int step = 0; step < HEAD_DIM / 16; step++)
      for (int i = 0; i < 4; i++) {
        const int head = row + i % 2 * 8;
        const uint16_t* const from = q + head * HEAD_DIM + step * 16 + i / 2 * 8 + column;
        q_[step][i] = head < group ? *reinterpret_cast<const uint32_t*>(from) : 0;
      }
    for (auto& tile : sums_)
      for (float& sum : tile) sum = 0;
    for (int i = 0; i < 2; i++) {
      peak_[i] = -INFINITY;
      total_[i] = 0;
    }
  }

  /** Adds a page; `logit(head of the group, token, value)` is told the logits in units of log 2, of idle heads too. */
  template <typename Logit>
  __device__ void add(const unsigned char* stage, int tokens, const Logit& logit) {
    const int l = lane();
    float s[2][4] = {};
    for (int step = 0; step < HEAD_DIM / 16; step++) {
      uint32_t r[4];
      load_matrices(r, stage + offset(l / 16 * 8 + l % 8, 2 * step + l / 8 % 2));
      const uint32_t low[2] = {r[0], r[1]}, high[2] = {r[2], r[3]};
      mma_16x8x16(s[0], q_[step], low);
      mma_16x8x16(s[1], q_[step], high);
    }
    const float scale = 1.44269504f * rsqrtf(float(HEAD_DIM));
    float peak[2] = {peak_[0], peak_[1]};
    for (int i = 0; i < 8; i++) {
      float& value = s[i / 4][i % 4];
      const int token = i / 4 * 8 + l % 4 * 2 + i % 2;
      value = token < tokens ? value * scale : -INFINITY;
      if (token < tokens) logit(l / 4 + i / 2 % 2 * 8, token, value);
      peak[i / 2 % 2] = fmaxf(peak[i / 2 % 2], value);
    }
    float shrink[2];
    for (int i = 0; i < 2; i++) {
      peak[i] = fmaxf(peak[i], __shfl_xor_sync(0xffffffffu, peak[i], 1));
      peak[i] = fmaxf(peak[i], __shfl_xor_sync(0xffffffffu, peak[i], 2));
      shrink[i] = exp2_approximate(peak_[i] - peak[i]);
      peak_[i] = peak[i];
      total_[i] *= shrink[i];
    }
    for (int i = 0; i < 8; i++) {
      float& value = s[i / 4][i % 4];
      value = exp2_approximate(value - peak[i / 2 % 2]);
      total_[i / 2 % 2] += value;  // of this lane's tokens only, until the end
    }
    const uint32_t weights[4] = {pack_bf16(s[0][0], s[0][1]), pack_bf16(s[0][2], s[0][3]), pack_bf16(s[1][0], s[1][1]),
                                 pack_bf16(s[1][2], s[1][3])};
    for (int step = 0; step < HEAD_DIM / 16; step++) {
      uint32_t r[4];
      load_matrices_transposed(r, stage + PAGE_BYTES + offset(l / 8 % 2 * 8 + l % 8, 2 * step + l / 16));
      const uint32_t low[2] = {r[0], r[1]}, high[2] = {r[2], r[3]};
      for (int i = 0; i < 4; i++) {
        sums_[2 * step][i] *= shrink[i / 2];
        sums_[2 * step + 1][i] *= shrink[i / 2];
      }
      mma_16x8x16(sums_[2 * step], weights, low);
      mma_16x8x16(sums_[2 * step + 1], weights, high);
    }
  }

  /** Leaves the warp's share in shared memory: [16][HEAD_DIM] sums of values, 16 peaks, 16 totals. */
  __device__ void store(float* share) {
    const int l = lane();
    for (int i = 0; i < 2; i++) {
      total_[i] += __shfl_xor_sync(0xffffffffu, total_[i], 1);
      total_[i] += __shfl_xor_sync(0xffffffffu, total_[i], 2);
      if (l % 4 == 0) {
        share[16 * HEAD_DIM + l / 4 + 8 * i] = peak_[i];
        share[16 * HEAD_DIM + 16 + l / 4 + 8 * i] = total_[i];
      }
    }
    for (int tile = 0; tile < HEAD_DIM / 8; tile++)
      for (int i = 0; i < 2; i++)
        *reinterpret_cast<float2*>(share + (l / 4 + 8 * i) * HEAD_DIM + tile * 8 + l % 4 * 2) = {sums_[tile][2 * i], sums_[tile][2 * i + 1]};
  }

 private:
  static __device__ int lane() { return int(threadIdx.x) % 32; }
  uint32_t q_[HEAD_DIM / 16][4];
  float sums_[HEAD_DIM / 8][4], peak_[2], total_[2];
};

/**
 * The warps of a block take turns at pages [from, to) of a list. `page_of(i)`: its number in the cache, also asked for some
 * behind the last, so that a block need not know how many there are to begin to look them up; `fetch(stage, i,
 * page)` begins its copy, `use(stage, i, page)` gets it; `prepare()` is called when the first copies are under way. Stages
 * of BYTES begin at `stages`.
 */
template <int BYTES, typename PageOf, typename Fetch, typename Prepare, typename Use>
__device__ inline void for_each_page(int from, int to, unsigned char* stages, const PageOf& page_of, const Fetch& fetch, const Prepare& prepare,
                                     const Use& use) {
  const int warp = int(threadIdx.x) / 32;
  unsigned char* const own = stages + warp * STAGES * BYTES;
  const auto nth = [&](int n) { return from + warp + n * ATTENTION_WARPS; };
  const auto number = [&](int n) { return page_of(nth(n)); };
  int pages[STAGES];  // numbers of the next pages; looked up one turn before they are copied
  for (int n = 0; n < STAGES; n++) pages[n] = number(n);
  for (int n = 0; n < STAGES - 1; n++) {
    if (nth(n) < to) fetch(own + n * BYTES, nth(n), pages[n]);
    copy_async_commit();
  }
  prepare();
  for (int n = 0; nth(n) < to; n++) {
    const int last = n + STAGES - 1;
    if (nth(last) < to) fetch(own + last % STAGES * BYTES, nth(last), pages[STAGES - 1]);
    copy_async_commit();
    copy_async_wait<STAGES - 1>();
    __syncwarp();
    use(own + n % STAGES * BYTES, nth(n), pages[0]);
    __syncwarp();  // before the stage is overwritten
    for (int i = 0; i < STAGES - 1; i++) pages[i] = pages[i + 1];
    pages[STAGES - 1] = number(n + STAGES);
  }
}

}  // namespace raas::RAAS_DEVICE
