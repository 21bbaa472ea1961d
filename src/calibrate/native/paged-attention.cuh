#pragma once
#include <algorithm>
#include "attention-parts.h"
#include "device.cuh"

/**
 * Decode attention over any list of pages (bf16, 16 tokens): what the kernels of sparse policies have in common.
 * A warp takes one page after another, keys and values of one KV head, through a pipeline of its own in shared memory, and
 * multiplies them on tensor cores with the up to 16 query heads of the group; nothing waits for another warp until the
 * end, when the warps of a block and then the blocks of a sequence put their softmaxes together.
 */
namespace raas::RAAS_DEVICE {

constexpr int TOKENS = int(PAGE_TOKENS);
constexpr int ATTENTION_WARPS = 4, ATTENTION_THREADS = 32 * ATTENTION_WARPS;
/**
 * Pages of a warp under way or in use, and blocks that a multiprocessor of an H100 holds at once: 12 warps have one or two
 * pages of 8 KB each on their way, where about 40 KB a multiprocessor keep its memory busy. A third stage would take as
 * much shared memory as the third block, which computes while others wait, and would not fit on Ada.
 */
constexpr int STAGES = 2, ATTENTION_BLOCKS = 3;

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
    const size_t stride = size_t(in.kv_heads) * HEAD_DIM, start = size_t(page) * TOKENS * stride + size_t(head) * HEAD_DIM;
    for (int i = int(threadIdx.x) % 32; i < TOKENS * CHUNKS; i += 32) {
      const int token = i / CHUNKS, chunk = i % CHUNKS;
      const size_t at = start + token * stride + chunk * 8;
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
      shrink[i] = exp2f(peak_[i] - peak[i]);
      peak_[i] = peak[i];
      total_[i] *= shrink[i];
    }
    for (int i = 0; i < 8; i++) {
      float& value = s[i / 4][i % 4];
      value = exp2f(value - peak[i / 2 % 2]);
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
 * The warps of a block take turns at pages [from, to) of a list. `page_of(i)`: its number in the cache; `fetch(stage, i,
 * page)` begins its copy, `use(stage, i, page)` gets it; `prepare()` is called when the first copies are under way. Stages
 * of BYTES begin at `stages`.
 */
template <int BYTES, typename PageOf, typename Fetch, typename Prepare, typename Use>
__device__ inline void for_each_page(int from, int to, unsigned char* stages, const PageOf& page_of, const Fetch& fetch, const Prepare& prepare,
                                     const Use& use) {
  const int warp = int(threadIdx.x) / 32;
  unsigned char* const own = stages + warp * STAGES * BYTES;
  const auto nth = [&](int n) { return from + warp + n * ATTENTION_WARPS; };
  const auto number = [&](int n) { return page_of(min(nth(n), to - 1)); };
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

/** Softmaxes over parts of a list, until the last block of a pair of sequence and KV head puts them together. */
struct Parts {
  float* sums;       // [pairs][parts][group][headDim]
  float2* totals;    // [pairs][parts][group]: peak of the logits (log 2), total of the weights
  int32_t* tickets;  // [pairs]: blocks that are done; zero before and after a run
};
inline Parts parts_at(const Pointers& arrays, size_t first) {
  return {static_cast<float*>(arrays[first]), static_cast<float2*>(arrays[first + 1]), static_cast<int32_t*>(arrays[first + 2])};
}

/** True in the block that is the last of `parties` to get here, which then sees what the others wrote. */
__device__ inline bool is_last(int32_t* ticket, int parties) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(ticket, 1) == parties - 1;
    if (last) *ticket = 0;
  }
  __syncthreads();
  if (last) __threadfence();
  return last;
}

/** Puts `count` shares together: weight(i) = 2^(peak i - highest peak) of each; total of the weighted totals. */
template <typename TotalOf, typename SumsOf>
__device__ inline float4 put_together(int count, const TotalOf& total_of, const SumsOf& sums_of, float2& together) {
  float peak = -INFINITY, total = 0;
  for (int i = 0; i < count; i++) peak = fmaxf(peak, total_of(i).x);
  float4 sums = make_float4(0, 0, 0, 0);
  for (int i = 0; i < count; i++) {
    const float2 part = total_of(i);
    const float weight = exp2f(part.x - peak);
    const float4 own = sums_of(i);
    total += weight * part.y;
    sums.x += weight * own.x;
    sums.y += weight * own.y;
    sums.z += weight * own.z;
    sums.w += weight * own.w;
  }
  together = {peak, total};
  return sums;
}

/** The place of a block in a pair's attention: part `part` of `count`; `parties` blocks get to its end, `count` with pages. */
struct Place {
  size_t pair;
  int part, count, parties, most;
};

/**
 * The end of a block, each warp's share in shared memory, `stride` floats apart: puts the warps' shares together and, in
 * the last block of its pair, the parts, which become `out` [group][headDim]. `total(head, {peak, total})` is then told
 * each head's denominator. Returns whether this block was the last.
 */
template <int HEAD_DIM, typename Total>
__device__ inline bool finish(const float* shares, int stride, const Parts& parts, const Place& place, int group, uint16_t* out,
                              const Total& total) {
  __syncthreads();
  const auto write = [&](int at, const float4& sums, float denominator) {
    const float factor = 1 / denominator;
    *reinterpret_cast<uint2*>(out + 4 * at) = {pack_bf16(sums.x * factor, sums.y * factor), pack_bf16(sums.z * factor, sums.w * factor)};
  };
  float* const sums = parts.sums + place.pair * place.most * group * HEAD_DIM;
  float2* const totals = parts.totals + place.pair * place.most * group;
  if (place.part < place.count)
    for (int i = int(threadIdx.x); i < group * HEAD_DIM / 4; i += ATTENTION_THREADS) {
      const int head = 4 * i / HEAD_DIM;
      float2 together;
      const float4 own = put_together(
          ATTENTION_WARPS, [&](int w) { return float2{shares[w * stride + 16 * HEAD_DIM + head], shares[w * stride + 16 * HEAD_DIM + 16 + head]}; },
          [&](int w) { return *reinterpret_cast<const float4*>(shares + w * stride + 4 * i); }, together);
      const bool speaks = 4 * i % HEAD_DIM == 0;  // for its head
      if (place.parties == 1) {
        write(i, own, together.y);
        if (speaks) total(head, together);
      } else {
        reinterpret_cast<float4*>(sums + place.part * group * HEAD_DIM)[i] = own;
        if (speaks) totals[place.part * group + head] = together;
      }
    }
  if (place.parties == 1) return true;
  if (!is_last(parts.tickets + place.pair, place.parties)) return false;
  for (int i = int(threadIdx.x); i < group * HEAD_DIM / 4; i += ATTENTION_THREADS) {
    const int head = 4 * i / HEAD_DIM;
    float2 together;
    const float4 all = put_together(
        place.count, [&](int p) { return totals[p * group + head]; },
        [&](int p) { return reinterpret_cast<const float4*>(sums + p * group * HEAD_DIM)[i]; }, together);
    write(i, all, together.y);
    if (4 * i % HEAD_DIM == 0) total(head, together);
  }
  return true;
}

/** Floats from one warp's pipeline, which its share overwrites in the end, to the next one's. */
template <int STAGE_BYTES>
constexpr int SHARE_STRIDE = STAGES * STAGE_BYTES / 4;

/**
 * How many pages of a list of `pages` a block takes, a multiple of its warps: what ends first if a block's start and end cost
 * as much as three turns of its warps.
 */
inline int attended_pages_a_block(const AttentionParts& parts, int64_t pages) {
  const int64_t at_once = ATTENTION_BLOCKS * int64_t(multiprocessors()), most_turns = (pages + ATTENTION_WARPS - 1) / ATTENTION_WARPS;
  int64_t best = most_turns, least = INT64_MAX;
  for (int64_t turns = most_turns; turns >= 1; turns--) {
    const int64_t own = (most_turns + turns - 1) / turns, time = (parts.pairs * own + at_once - 1) / at_once * (turns + 3);
    if (time < least && own <= parts.most) {
      least = time;
      best = turns;
    }
  }
  return int(best * ATTENTION_WARPS);
}

}  // namespace raas::RAAS_DEVICE
